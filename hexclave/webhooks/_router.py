"""Verification of deliveries, and a router that calls the handlers of each event once."""

import inspect
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias, TypeVar

import attrs

from hexclave._engine.instrumentation import Instrumentation, Instrumented
from hexclave._steps import Call, Steps
from hexclave.credentials import hide_text
from hexclave.errors import UnsafeUseError
from hexclave.webhooks._deliveries import AsyncDeliveryStore, DeliveryStore, MemoryDeliveryStore
from hexclave.webhooks._errors import InvalidWebhookError
from hexclave.webhooks._events import UnknownEvent, WebhookEvent, read_event
from hexclave.webhooks._signature import TOLERANCE, Secrets, check, check_tolerance, read_secrets
from hexclave_api.model import Model

Handler: TypeAlias = Callable[[WebhookEvent[Any]], object]
HandlerT = TypeVar("HandlerT", bound=Handler)
Outcome: TypeAlias = Literal["handled", "ignored", "duplicate", "running"]

_STATUS: Final[dict[Outcome, Literal[200, 409]]] = {"handled": 200, "ignored": 200, "duplicate": 200, "running": 409}


def verify(
    body: bytes, headers: object, secrets: Secrets, *, tolerance: timedelta = TOLERANCE
) -> WebhookEvent[Model | UnknownEvent]:
    """Verify a delivery and return its event.

    `body` is the raw request body, `headers` the request or its headers, and `secrets` the endpoint's secret
    (`whsec_…`), or several during rotation. The event's `body` is the model in `hexclave_api.webhooks` for its type, or
    an `UnknownEvent`. Events are delivered at least once and in any order.

    Raises:
        InvalidWebhookError: the delivery is invalid; the subclass shows which check failed.
        UnsafeUseError: the body is already parsed, or a secret is malformed.
    """
    try:
        keys = read_secrets(secrets)
    finally:
        del secrets  # A traceback with locals must not show them.
    return read_event(check(body, headers, keys, tolerance), body)


@attrs.frozen
class Handled:
    """The result of handling a delivery."""

    event: WebhookEvent[Model | UnknownEvent]
    outcome: Outcome
    """`ignored`: no handler for its type; `duplicate`: already handled; `running`: being handled elsewhere."""

    @property
    def status_code(self) -> Literal[200, 409]:
        """The HTTP status of the response; 409 makes the sender retry, in case the running delivery fails."""
        return _STATUS[self.outcome]


class Router(Instrumented):
    """A router that calls handlers for webhook events.

        router = Router(os.environ["WEBHOOK_SECRET"])

        @router.on("user.created")
        def welcome(event): ...

    A delivery is handled when all its handlers have returned. If one raises, the error propagates, and the next
    delivery of the event calls all handlers again. `deliveries` stores which deliveries were handled; the default
    keeps the last 10,000 in memory.

    Raises:
        UnsafeUseError: a secret, the store or the tolerance is invalid.
    """

    def __init__(
        self, secrets: Secrets, *, deliveries: AsyncDeliveryStore | None = None, tolerance: timedelta = TOLERANCE
    ) -> None:
        try:
            self._secrets = read_secrets(secrets)
        finally:
            del secrets
        deliveries = hide_text(deliveries)  # A Redis URL may contain a password.
        if deliveries is not None and not callable(getattr(deliveries, "abegin", None)):
            raise UnsafeUseError("deliveries must be a store with abegin() and aend(), such as MemoryDeliveryStore().")
        self._deliveries = MemoryDeliveryStore() if deliveries is None else deliveries
        check_tolerance(tolerance)
        self._tolerance = tolerance
        self._handlers: dict[str, list[Handler]] = {}

    def on(self, *types: str) -> Callable[[HandlerT], HandlerT]:
        """Return a decorator that registers a handler for events of these types, such as `user.created`.

        Raises:
            UnsafeUseError: no type was given.
        """
        if not types or not all(isinstance(kind, str) and kind for kind in types):
            raise UnsafeUseError('on() needs at least one event type: @router.on("user.created").')

        def register(handler: HandlerT) -> HandlerT:
            for kind in types:
                self._handlers.setdefault(kind, []).append(handler)
            return handler

        return register

    def handle(self, body: bytes, headers: object) -> Handled:
        """Verify a delivery and call its handlers, whose errors propagate.

        Raises:
            InvalidWebhookError: the delivery is invalid; respond with 400.
            UnsafeUseError: the body is already parsed, or a handler or the store is async: use `ahandle`.
        """
        from hexclave._engine.executor import BlockingExecutor

        if not isinstance(self._deliveries, DeliveryStore):
            raise UnsafeUseError("The delivery store is async: use await ahandle(…), or pass a DeliveryStore.")
        return BlockingExecutor().run(self._steps(body, headers))

    async def ahandle(self, body: bytes, headers: object) -> Handled:
        """Do the same as `handle` in async programs. Handlers that are not async block the event loop.

        Raises:
            InvalidWebhookError: the delivery is invalid; respond with 400.
            UnsafeUseError: the body is already parsed.
        """
        from hexclave._engine.async_executor import AwaitingExecutor

        return await AwaitingExecutor().run(self._steps(body, headers))

    def _steps(self, body: bytes, headers: object) -> Steps[Handled]:
        steps = self._handled(body, headers)
        return steps if self.instrumentation is None else _recorded(self.instrumentation, steps)

    def _handled(self, body: bytes, headers: object) -> Steps[Handled]:
        event = read_event(check(body, headers, self._secrets, self._tolerance), body)
        handlers = self._handlers.get(event.type)
        if not handlers:
            return Handled(event, "ignored")
        progress = yield self._ask("begin", event.id)
        if progress != "new":
            return Handled(event, "running" if progress == "running" else "duplicate")
        try:
            for handler in handlers:
                yield _run(handler, event)
        except GeneratorExit:
            raise  # The store cannot be called any more; the mark expires.
        except BaseException:
            yield self._ask("end", event.id, handled=False)
            raise
        yield self._ask("end", event.id, handled=True)
        return Handled(event, "handled")

    def _ask(self, method: str, webhook_id: str, **arguments: bool) -> Call[Any]:
        store: Any = self._deliveries
        # Looked up when called, because a store for async routers has no blocking methods.
        return Call(
            lambda: getattr(store, method)(webhook_id, **arguments),
            lambda: getattr(store, f"a{method}")(webhook_id, **arguments),
        )


def _recorded(instrumentation: Instrumentation, steps: Steps[Handled]) -> Steps[Handled]:
    with instrumentation.activity("webhook", InvalidWebhookError) as activity:
        handled = yield from steps
        activity.finish(handled.outcome, kind=handled.event.type)
        return handled


def _run(handler: Handler, event: WebhookEvent[Any]) -> Call[object]:
    def blocking() -> object:
        if inspect.iscoroutinefunction(handler):
            raise UnsafeUseError(f"{handler.__name__} is async: use await ahandle(…).")
        return handler(event)

    async def awaiting() -> object:
        result = handler(event)
        return await result if isinstance(result, Awaitable) else result

    return Call(blocking, awaiting)

"""Hands each event to the functions that wait for it, once."""

import inspect
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias, TypeVar

import attrs

from hexclave._steps import Call, Steps
from hexclave.credentials import textless
from hexclave.errors import UnsafeUseError
from hexclave.webhooks._deliveries import AsyncDeliveryStore, DeliveryStore, MemoryDeliveryStore
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
    """The event that a request delivers, now that it is known to come from the project.

    `body` are the bytes as they were received, `headers` the request or its headers, `secrets` the endpoint's secret
    (`whsec_…`), or several while they are changed over. The event's `body` is the model that `hexclave_api.webhooks`
    has for its type, or an `UnknownEvent`. Events come at least once and in any order.

    Raises:
        InvalidWebhookError: it does not come from the project; the subclass says which check failed.
        UnsafeUseError: the body was parsed already, or a secret is none.
    """
    try:
        keys = read_secrets(secrets)
    finally:
        del secrets  # A traceback with locals must not show them.
    return read_event(check(body, headers, keys, tolerance), body)


@attrs.frozen
class Handled:
    """What became of a delivery."""

    event: WebhookEvent[Model | UnknownEvent]
    outcome: Outcome
    """`ignored`: nobody waits for its type; `duplicate`: it was handled before; `running`: it is just being handled."""

    @property
    def status_code(self) -> Literal[200, 409]:
        """The HTTP status to answer with; 409 has the delivery repeated, in case the running one fails."""
        return _STATUS[self.outcome]


class Router:
    """Functions that handle events.

        router = Router(os.environ["WEBHOOK_SECRET"])

        @router.on("user.created")
        def welcome(event): ...

    A delivery counts as handled when all its functions have returned; when one raises, the error reaches the caller,
    and the next delivery of the event calls all of them again. `deliveries` remembers which were handled; without one,
    the last 10,000 are remembered in this process.

    Raises:
        UnsafeUseError: a secret, the store or the tolerance is none.
    """

    def __init__(
        self, secrets: Secrets, *, deliveries: AsyncDeliveryStore | None = None, tolerance: timedelta = TOLERANCE
    ) -> None:
        try:
            self._secrets = read_secrets(secrets)
        finally:
            del secrets
        deliveries = textless(deliveries)  # The URL of a Redis may hold a password.
        if deliveries is not None and not callable(getattr(deliveries, "abegin", None)):
            raise UnsafeUseError("deliveries must be a store with abegin() and aend(), such as MemoryDeliveryStore().")
        self._deliveries = MemoryDeliveryStore() if deliveries is None else deliveries
        check_tolerance(tolerance)
        self._tolerance = tolerance
        self._handlers: dict[str, list[Handler]] = {}

    def on(self, *types: str) -> Callable[[HandlerT], HandlerT]:
        """Registers the function below for events of these types, such as `user.created`.

        Raises:
            UnsafeUseError: no type was given.
        """
        if not types or not all(isinstance(kind, str) and kind for kind in types):
            raise UnsafeUseError('on() takes the types of events: @router.on("user.created").')

        def register(handler: HandlerT) -> HandlerT:
            for kind in types:
                self._handlers.setdefault(kind, []).append(handler)
            return handler

        return register

    def handle(self, body: bytes, headers: object) -> Handled:
        """Verifies a delivery and calls its functions; what they raise reaches the caller.

        Raises:
            InvalidWebhookError: it does not come from the project; answer 400.
            UnsafeUseError: the body was parsed already, or a function or the store is async: use `ahandle`.
        """
        from hexclave._engine.executor import BlockingExecutor

        if not isinstance(self._deliveries, DeliveryStore):
            raise UnsafeUseError("This store of deliveries is async: await ahandle(…), or take a DeliveryStore.")
        return BlockingExecutor().run(self._steps(body, headers))

    async def ahandle(self, body: bytes, headers: object) -> Handled:
        """`handle` for async programs. Functions that are not async are called in the event loop and hold it up.

        Raises:
            InvalidWebhookError: it does not come from the project; answer 400.
            UnsafeUseError: the body was parsed already.
        """
        from hexclave._engine.async_executor import AwaitingExecutor

        return await AwaitingExecutor().run(self._steps(body, headers))

    def _steps(self, body: bytes, headers: object) -> Steps[Handled]:
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
            raise  # Nothing can be asked any more; the mark runs out by itself.
        except BaseException:
            yield self._ask("end", event.id, handled=False)
            raise
        yield self._ask("end", event.id, handled=True)
        return Handled(event, "handled")

    def _ask(self, method: str, webhook_id: str, **arguments: bool) -> Call[Any]:
        store: Any = self._deliveries
        # Looked up when performed: a store for async routers has no blocking methods.
        return Call(
            lambda: getattr(store, method)(webhook_id, **arguments),
            lambda: getattr(store, f"a{method}")(webhook_id, **arguments),
        )


def _run(handler: Handler, event: WebhookEvent[Any]) -> Call[object]:
    def blocking() -> object:
        if inspect.iscoroutinefunction(handler):
            raise UnsafeUseError(f"{handler.__name__} is async: await ahandle(…).")
        return handler(event)

    async def awaiting() -> object:
        result = handler(event)
        return await result if isinstance(result, Awaitable) else result

    return Call(blocking, awaiting)

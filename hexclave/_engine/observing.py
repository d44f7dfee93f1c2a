"""Logging and hooks of calls and attempts, with credentials redacted. Loaded by the first call that is observed."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from hexclave._events import CallEvent, RequestEvent, ResponseEvent, RetryEvent, WaitEvent
from hexclave._steps import Steps
from hexclave.credentials import HEADERS, added_headers, headers_as_secrets
from hexclave.errors import HexclaveError, UnsafeUseError
from hexclave.errors._reading import request_id_of
from hexclave.hooks import Hooks
from hexclave_api.secret import Secret
from hexclave_api.value import evolve

if TYPE_CHECKING:
    from hexclave._engine.call import Call
    from hexclave._events import WaitReason
    from hexclave._messages import Reply, Request

T = TypeVar("T")
E = TypeVar("E")
OnCall: TypeAlias = Callable[[CallEvent], AbstractContextManager[object] | None]
OnEvent: TypeAlias = Callable[[E], None]
OnRequest: TypeAlias = Callable[[RequestEvent], Mapping[str, str] | None]

CREDENTIAL_HEADERS: Final = frozenset(
    HEADERS[name]
    for name in (
        "publishable_client_key",
        "secret_server_key",
        "super_secret_admin_key",
        "admin_access_token",
        "access_token",
        "refresh_token",
    )
)
_SHOWN_HEADERS: Final = frozenset({*HEADERS.values(), "content-type", "user-agent"} - CREDENTIAL_HEADERS)
_NOTICED: Final = 0.001
"""Seconds; passing an open gate takes some microseconds, which are not a wait."""
_NONE: Final = Hooks()

logger: Final = logging.getLogger("hexclave.calls")


def enclosed(steps: Steps[T], call: "Call") -> Steps[T]:
    """Perform the steps of a call within the context manager that `on_call` returns."""
    app, operation = call.app, call.operation
    assert call.hooks.on_call is not None  # noqa: S101 - the caller's check
    manager = call.hooks.on_call(
        CallEvent(operation.name, operation.method, operation.template, app.base_url, app.access, app.project_id)
    )
    if manager is None:
        return (yield from steps)
    with manager:
        return (yield from steps)
    # Reached only if the context manager suppressed an error, when there is no result to return.
    raise UnsafeUseError("Hooks: the context manager of on_call suppressed an error of the call, which it must not.")


def before(call: "Call", request: "Request") -> "Request":
    """Call `on_request` and return the request with the headers that the hook adds."""
    assert call.hooks.on_request is not None  # noqa: S101 - the caller's check
    name, method = call.operation.name, call.operation.method
    event = RequestEvent(name, method, call.shown_url, _shown(request), call.attempt, call.app.client_request_id)
    # The frames that may raise contain neither the request's headers nor plain values of added ones.
    added = added_headers(headers_as_secrets(_mapping(call.hooks.on_request(event))), request.headers.keys())
    if not added:
        return request
    return evolve(request, headers={**request.headers, **added})


def _shown(request: "Request") -> dict[str, str]:
    return {name: value if name in _SHOWN_HEADERS else str(Secret(value)) for name, value in request.headers.items()}


def after(call: "Call", reply: "Reply | None", failure: HexclaveError | None, seconds: float) -> None:
    """Log the outcome of an attempt and call `on_response`."""
    operation, status = call.operation, None if reply is None else reply.status
    request_id = None if reply is None else request_id_of(reply)
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug(
            "%s %s: %s after %.0f ms, attempt %d",
            operation.method,
            operation.template,
            status if failure is None else failure,
            seconds * 1000,
            call.attempt,
            extra=_fields(call, failure, status=status, request_id=request_id, seconds=seconds),
        )
    if call.hooks.on_response is not None:
        call.hooks.on_response(
            ResponseEvent(
                operation.name,
                operation.method,
                call.shown_url,
                call.attempt,
                status,
                request_id,
                failure,
                seconds,
                call.app.client_request_id,
            )
        )


def retrying(call: "Call", failure: HexclaveError, wait: float) -> None:
    """Log that an attempt is about to be retried and call `on_retry`."""
    operation = call.operation
    if call.hooks.on_retry is not None:
        call.hooks.on_retry(
            RetryEvent(
                operation.name,
                operation.method,
                call.shown_url,
                call.attempt,
                failure,
                wait,
                call.app.client_request_id,
            )
        )
    if logger.isEnabledFor(logging.INFO):
        logger.info(
            "%s %s: again in %.2f s after %s",
            operation.method,
            operation.template,
            wait,
            failure,
            extra=_fields(call, failure, status=failure.status, request_id=failure.request_id, wait=wait),
        )


def waited(call: "Call", reason: "WaitReason", seconds: float) -> None:
    """Call `on_wait` unless the wait is too short to notice."""
    operation = call.operation
    if call.hooks.on_wait is not None and seconds >= _NOTICED:
        call.hooks.on_wait(WaitEvent(operation.name, operation.method, operation.template, reason, seconds))


def joined(outer: Hooks, inner: Hooks) -> Hooks:
    """Return hooks that call both; headers of `inner` replace those of `outer`."""
    if inner == _NONE:
        return outer
    return Hooks(
        on_call=_enter_both(outer.on_call, inner.on_call),
        on_request=_merge(outer.on_request, inner.on_request),
        on_response=_in_order(inner.on_response, outer.on_response),
        on_retry=_in_order(inner.on_retry, outer.on_retry),
        on_wait=_in_order(inner.on_wait, outer.on_wait),
    )


def _enter_both(outer: "OnCall | None", inner: "OnCall | None") -> "OnCall | None":
    if outer is None or inner is None:
        return outer or inner

    @contextmanager
    def both(event: CallEvent) -> Iterator[None]:
        with outer(event) or nullcontext(), inner(event) or nullcontext():
            yield

    return both


def _merge(outer: "OnRequest | None", inner: "OnRequest | None") -> "OnRequest | None":
    if outer is None or inner is None:
        return outer or inner

    def both(event: RequestEvent) -> Mapping[str, str]:
        return {**(outer(event) or {}), **_mapping(inner(event))}

    return both


def _in_order(first: "OnEvent[E] | None", second: "OnEvent[E] | None") -> "OnEvent[E] | None":
    if first is None or second is None:
        return first or second

    def both(event: E) -> None:
        first(event)
        second(event)

    return both


def _mapping(added: object) -> Mapping[str, str]:
    """Return what `on_request` returned.

    Raises:
        UnsafeUseError: it is neither a mapping nor `None`.
    """
    if added is None:
        return {}
    if not isinstance(added, Mapping):
        raise UnsafeUseError(f"Hooks: on_request must return a mapping of headers or None, not {type(added).__name__}.")
    return added


def _fields(call: "Call", failure: HexclaveError | None, **more: object) -> dict[str, object]:
    # With a prefix, because a name that a program's own record factory also sets would make the log call raise.
    fields = {
        "operation": call.operation.name,
        "method": call.operation.method,
        "template": call.operation.template,
        "attempt": call.attempt,
        "client_request_id": call.app.client_request_id,
        "error": None if failure is None else type(failure).__name__,
        **more,
    }
    return {f"hexclave_{name}": value for name, value in fields.items()}


_MAY_CARRY_SECRETS: Final = re.compile("auth|cookie|credential|key|location|password|secret|session|token")


def redact_reply_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a reply, without the values of those whose names suggest a secret."""
    return {name: "****" if _MAY_CARRY_SECRETS.search(name) else value for name, value in headers.items()}

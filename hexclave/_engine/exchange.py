"""A call as steps: all decisions from an operation to its value, without I/O.

`exchange` yields steps and receives their outcomes, so blocking and async apps share one implementation.
"""

import sys
from typing import TYPE_CHECKING, Final, TypeVar

from hexclave._base_url import origin_of
from hexclave._engine.body import WITH_BODY, content
from hexclave._engine.call import Call
from hexclave._engine.checks import check_use, check_use_signed_out
from hexclave._engine.context import Context
from hexclave._messages import Reply, Request
from hexclave._steps import Send, Sleep, Steps
from hexclave.credentials import HEADERS
from hexclave.errors import (
    CrossOriginRedirectError,
    HexclaveError,
    RateLimitError,
    TooManyRedirectsError,
    TransportError,
    UnreadableReplyError,
    UnsafeUseError,
)
from hexclave.errors._reading import failed_status, from_reply, request_id_of
from hexclave.ratelimit import Gates, Ticket, WaitTooLong
from hexclave_api.operation import UNSET, Operation
from hexclave_api.reading import WireError, as_it_is, nothing
from hexclave_api.secret import Secret, secrets_in
from hexclave_api.value import evolve

if TYPE_CHECKING:
    from hexclave.tokens import Tokens

T = TypeVar("T")
E = TypeVar("E", bound=HexclaveError)

MAX_REDIRECTS: Final = 5
_DEBUG: Final = 10
"""The level of debug messages, as in `logging`."""
_LONGEST_LOCATION: Final = 8_000
_REDIRECTS: Final = (307, 308)
_TOO_MANY: Final = 429
_UNKNOWN_PROJECT: Final = ("CURRENT_PROJECT_NOT_FOUND", "PROJECT_NOT_FOUND")
"""Codes whose error names the host, because the project may exist on another server."""
_REFUSED_BY_OLDER_SERVERS: Final = (400, 404, 405)


def exchange(app: Context, operation: Operation[T], *, tokens: "Tokens | None" = None) -> Steps[T]:
    """Perform an operation and return its parsed value.

    `tokens` replace those of the session; a token refresh uses this.

    Raises:
        HexclaveError: any failure.
    """
    check_use(app, operation, tokens)
    call = Call(app, operation)
    steps = _performed(call, operation, tokens)
    if call.hooks.on_call is None:
        return (yield from steps)
    from hexclave._engine.observing import enclosed

    return (yield from enclosed(steps, call))


def _performed(call: Call, operation: Operation[T], tokens: "Tokens | None") -> Steps[T]:
    app = call.app
    rejected: Tokens | None = None
    while True:
        call.attempt += 1
        sent = tokens
        try:
            if tokens is None and app.session is not None:
                since = app.clock.monotonic()
                sent = yield from app.session.tokens(app, rejected=rejected, deadline=call.deadline)
                call.waited("refresh", since)
                if sent is None:
                    check_use_signed_out(operation)
            admin_token = None if app.admin_access_token is None else (yield from app.admin_access_token())
            reply = yield from _attempt(call, sent, admin_token)
            value = _value(call, operation, reply)
        except HexclaveError as error:
            failure = error
        else:
            if app.on_reply is not None:
                _hand_over(call)
            return value
        if failure.method is None and not isinstance(failure, UnsafeUseError):
            call.located(failure)  # It failed before a request was made, for example while waiting for a refresh.
        # Outside the `except`, so that an error does not keep the frames of earlier attempts.
        if tokens is None and rejected is None and _can_refresh(sent) and _access_token_refused(failure):
            rejected = sent
            continue
        pause = call.pause_before_next(failure)
        if pause is None:
            if app.on_reply is not None:
                _hand_over(call)
            raise failure
        from hexclave._engine.observing import retrying

        retrying(call, failure, pause.expected)
        call.last = failure
        if pause.chosen:
            since = app.clock.monotonic()
            yield Sleep(pause.chosen)
            call.waited("backoff", since)


def _hand_over(call: Call) -> None:
    """Pass the reply to the caller that requested it with `with_reply`."""
    from hexclave._engine.observing import redact_reply_headers
    from hexclave.replies import ReplyInfo

    reply, operation, take = call.reply, call.operation, call.app.on_reply
    if reply is not None and take is not None:
        headers = redact_reply_headers(reply.headers)
        take(
            ReplyInfo(
                operation.name,
                operation.method,
                call.shown_url,
                reply.status,
                headers,
                request_id_of(reply),
                call.attempt,
            )
        )


def _can_refresh(tokens: "Tokens | None") -> bool:
    return tokens is not None and tokens.refresh_token is not None


def _access_token_refused(failure: HexclaveError) -> bool:
    # From its own module, because the package would load all known errors.
    from hexclave.errors._sessions import InvalidAccessToken

    return isinstance(failure, InvalidAccessToken)


def _attempt(call: Call, tokens: "Tokens | None", admin_token: Secret | None) -> Steps[Reply]:
    """Make one attempt and return a successful reply. Reports the outcome to the rate limit."""
    app = call.app
    local = app.shared.local
    # Usually nothing is limited: then there is no ticket, and only a 429 is reported.
    ticket = None if local.gates.are_open else (yield from _admitted(call, local.gates))
    request = _request(call, next(local.nonces), tokens, admin_token)
    if call.hooks.on_request is not None:
        from hexclave._engine.observing import before

        request = before(call, request)
    started = app.clock.monotonic()
    reply: Reply | None = None
    failure: HexclaveError | None = None
    try:
        first: Reply = yield Send(request)
        reply = (yield from _followed(call, request, first)) if first.status in _REDIRECTS else first
    except TransportError as error:
        failure = call.located(error)
    if app.on_reply is not None:
        call.reply = reply
    if reply is not None:
        if ticket is not None or reply.status == _TOO_MANY:
            local.gates.settle(ticket or Ticket(call.scope), reply.status, reply.headers, clock=app.clock)
        if failed_status(reply) is not None:
            failure = _reported(call, reply)
    if call.hooks.on_response is not None or _is_logged():
        from hexclave._engine.observing import after  # most apps have neither hooks nor debug logs

        after(call, reply, failure, app.clock.monotonic() - started)
    if failure is not None:
        raise failure
    assert reply is not None  # noqa: S101 - without a failure there is a reply
    return reply


def _is_logged() -> bool:
    """True if debug messages are logged. Without `logging`, which is slow to load, the program has no handlers."""
    if "logging" not in sys.modules:
        return False
    from hexclave._engine.observing import logger

    return logger.isEnabledFor(_DEBUG)


def _admitted(call: Call, gates: Gates) -> Steps[Ticket]:
    """Wait for the rate limit of the call's scope and return a ticket."""
    app = call.app
    since, longest = app.clock.monotonic(), app.retries.longest_retry_after
    try:
        ticket = yield from gates.admit(call.scope, deadline=call.deadline, clock=app.clock, longest_closed=longest)
    except WaitTooLong as closed:
        wait = closed.retry_after
    else:
        call.waited("rate_limit", since)
        return ticket
    limited = call.last if isinstance(call.last, RateLimitError) else None
    if limited is not None:
        raise limited
    raise call.located(
        RateLimitError(
            f"Calls of this kind are rate limited, and this one would have to wait {wait:.1f} s, longer than allowed.",
            retry_after=wait,
        )
    )


def _followed(call: Call, request: Request, reply: Reply) -> Steps[Reply]:
    """Follow redirects within the API's own origin, keeping method and body."""
    for _ in range(MAX_REDIRECTS):
        if reply.status not in _REDIRECTS or not reply.headers.get("location"):
            return reply
        target = _target(request.url, reply.headers["location"], call.app.origin)
        if target is None:
            raise CrossOriginRedirectError(
                "The API redirected to another origin. The call has credentials, so the redirect was not followed.",
                status=reply.status,
                request_id=request_id_of(reply),
            )
        request = evolve(request, url=target, total_timeout=call.remaining())
        reply = yield Send(request)
    if reply.status in _REDIRECTS and reply.headers.get("location"):
        raise TooManyRedirectsError(f"The API redirected more than {MAX_REDIRECTS} times.")
    return reply


def _target(url: str, location: str, origin: tuple[str, str, int]) -> str | None:
    """Return the target of a redirect, or `None` unless it is certainly within the origin."""
    from urllib.parse import urljoin, urlsplit  # slow to load

    # Parsers disagree about backslashes, control characters and user names, so such URLs are rejected.
    if not location.isascii() or not location.isprintable() or "\\" in location or len(location) > _LONGEST_LOCATION:
        return None
    try:
        given, target = urlsplit(location), urljoin(url, location)
        # Parsers disagree whether `http:host/path` is relative or absolute.
        inside = bool(given.netloc) or not given.scheme
        inside = inside and "@" not in urlsplit(target).netloc and origin_of(target) == origin
    except ValueError:
        return None
    return target if inside else None


def _request(call: Call, nonce: str, tokens: "Tokens | None", admin_token: Secret | None) -> Request:
    app, operation = call.app, call.operation
    timeout = app.timeout
    return Request(
        operation.method,
        call.url,
        _headers(app, operation, nonce, tokens, admin_token),
        content(operation),
        call.remaining(),
        timeout.connect,
        timeout.read,
        app.max_reply_size,
    )


def _headers(
    app: Context, operation: Operation[object], nonce: str, tokens: "Tokens | None", admin_token: Secret | None
) -> dict[str, str]:
    headers = app.static_headers()
    headers[HEADERS["nonce"]] = nonce
    if admin_token is not None:
        headers[HEADERS["admin_access_token"]] = admin_token.reveal()
    if tokens is not None:
        # With an expired access token, the backend rejects a call that a refresh token alone would authorize.
        refresh_alone = "refresh_token" in operation.needs and "access_token" not in operation.needs
        if tokens.access_token is not None and not refresh_alone:
            headers[HEADERS["access_token"]] = tokens.access_token.reveal()
        if tokens.refresh_token is not None and "refresh_token" in (*operation.needs, *operation.uses):
            headers[HEADERS["refresh_token"]] = tokens.refresh_token.reveal()
    if operation.method in WITH_BODY or operation.body is not UNSET:
        headers["content-type"] = operation.media_type
    return headers


def _value(call: Call, operation: Operation[T], reply: Reply) -> T:
    try:
        return operation.parse(_decoded(operation, reply))
    # Any body must result in a value or one of the SDK's own errors.
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        problem = str(error) if isinstance(error, WireError) else type(error).__name__
    # Raised here, because the frames of the reader contain the reply.
    raise call.located(
        UnreadableReplyError(
            f"The API reported success, but the reply does not match the schema of {operation.name}: {problem}.",
            status=reply.status,
            request_id=request_id_of(reply),
        )
    )


def _decoded(operation: Operation[object], reply: Reply) -> object:
    if operation.parse is nothing:
        return None
    if operation.parse is as_it_is and reply.headers.get("content-type", "").startswith("text/"):
        return reply.content.decode()
    return reply.json()


def _reported(call: Call, reply: Reply) -> HexclaveError:
    # Imported here because successful calls do not need them.
    from hexclave._engine.observing import CREDENTIAL_HEADERS
    from hexclave._ratelimit.headers import read_rate_limit

    info = read_rate_limit(reply.headers, now=call.app.clock.time())
    sent = {secret.reveal() for secret in secrets_in([call.operation.query, call.operation.body])}
    error = from_reply(
        reply,
        method=call.operation.method,
        path=call.path,
        attempts=call.attempt,
        retry_after=info.retry_after,
        secrets=sent | {value for name, value in call.app.static_headers().items() if name in CREDENTIAL_HEADERS},
    )
    if error.status in _REFUSED_BY_OLDER_SERVERS:
        from hexclave.errors._older_servers import more_specific

        error = more_specific(error, reply.content, call.operation)
    error.operation, error.client_request_id = call.operation.name, call.app.client_request_id
    if error.code in _UNKNOWN_PROJECT:
        error.host = call.host
    if isinstance(error, RateLimitError):
        error.limit, error.remaining, error.reset = info.limit, info.remaining, info.reset
    return error

"""One call as steps: every decision between an operation and its value, and no I/O.

`exchange` yields what is to be done and is sent the outcome, so one source serves the blocking and the async apps.
"""

import logging
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

import attrs

from hexclave import credentials
from hexclave._engine.body import WITH_BODY, content
from hexclave._engine.checks import check_use, check_use_signed_out
from hexclave._engine.context import Context
from hexclave._messages import Reply, Request
from hexclave._steps import Send, Sleep, Steps
from hexclave.credentials import HEADERS
from hexclave.errors import (
    APIConnectionError,
    APIStatusError,
    ConnectTimeout,
    CrossOriginRedirectError,
    HexclaveError,
    RateLimitError,
    ReadTimeout,
    TooManyRedirectsError,
    TotalTimeout,
    TransportError,
    UnreadableReplyError,
    UnsafeUseError,
)
from hexclave.errors._reading import failed_status, from_reply, request_id_of
from hexclave.ratelimit import Gates, Scope, Ticket, WaitTooLong
from hexclave.retries import Answered, Failure, NoReply, NotSent
from hexclave_api.operation import UNSET, Operation
from hexclave_api.reading import WireError, as_it_is, nothing
from hexclave_api.secret import Secret, secrets_in

if TYPE_CHECKING:
    from hexclave.tokens import Tokens

T = TypeVar("T")
E = TypeVar("E", bound=HexclaveError)

MAX_REDIRECTS: Final = 5
_LONGEST_LOCATION: Final = 8_000
_REDIRECTS: Final = (307, 308)
_TOO_MANY: Final = 429
_UNKNOWN_PROJECT: Final = ("CURRENT_PROJECT_NOT_FOUND", "PROJECT_NOT_FOUND")
"""The project may well exist on another server."""
_REFUSED_BY_OLDER_SERVERS: Final = (400, 404, 405)

logger: Final = logging.getLogger("hexclave")


def exchange(app: Context, operation: Operation[T], *, tokens: "Tokens | None" = None) -> Steps[T]:
    """What `operation.parse` made of the reply.

    `tokens` are sent instead of the session's; the refresh of a session uses this.

    Raises:
        HexclaveError: every failure, whatever the other side does.
    """
    check_use(app, operation, tokens)
    call = _Call(app, operation)
    rejected: Tokens | None = None
    while True:
        call.attempt += 1
        sent = tokens
        try:
            if tokens is None and app.session is not None:
                sent = yield from app.session.tokens(app, rejected=rejected, deadline=call.deadline)
                if sent is None:
                    check_use_signed_out(operation)
            admin_token = None if app.admin_access_token is None else (yield from app.admin_access_token())
            reply = yield from _attempt(call, sent, admin_token)
            return _value(call, operation, reply)
        except HexclaveError as error:
            failure = error
        if failure.method is None and not isinstance(failure, UnsafeUseError):
            call.located(failure)  # It came up before a request was made, such as while waiting for a refresh.
        # Outside the `except`, so that no error drags along the frames of the attempts before it.
        if tokens is None and rejected is None and _can_refresh(sent) and _access_token_refused(failure):
            rejected = sent
            continue
        pause = call.pause_before_next(failure)
        if pause is None:
            raise failure
        if app.hooks.on_retry is not None:
            from hexclave._events import RetryEvent

            app.hooks.on_retry(
                RetryEvent(operation.name, operation.method, call.shown_url, call.attempt, failure, pause.expected)
            )
        logger.debug("%s %s: again in %.2f s after %s", operation.method, operation.template, pause.expected, failure)
        call.last = failure
        if pause.chosen:
            yield Sleep(pause.chosen)


def _can_refresh(tokens: "Tokens | None") -> bool:
    return tokens is not None and tokens.refresh_token is not None


def _access_token_refused(failure: HexclaveError) -> bool:
    # From its own module: the package would load every known error with it.
    from hexclave.errors._sessions import InvalidAccessToken

    return isinstance(failure, InvalidAccessToken)


class _Call:
    """The state of one call between its attempts."""

    def __init__(self, app: Context, operation: Operation[object]) -> None:
        self.app = app
        self.operation = operation
        self.attempt = 0
        self.last: HexclaveError | None = None
        """The failure of the attempt before."""
        self.url = app.base_url + operation.url
        total = app.timeout.total
        self.deadline = None if total is None else app.clock.monotonic() + total

    @property
    def shown_url(self) -> str:
        """Without the query, which may hold secrets."""
        return self.url.partition("?")[0]

    @property
    def path(self) -> str:
        return self.shown_url[len(self.app.base_url) :]

    @property
    def host(self) -> str:
        scheme, name, port = self.app.origin
        return f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}"

    @property
    def scope(self) -> Scope:
        return Scope(self.app.project_id, self.app.access, self.operation.method, self.operation.template)

    def remaining(self) -> float | None:
        """Seconds left for the whole call.

        Raises:
            TotalTimeout: none.
        """
        if self.deadline is None:
            return None
        left = self.deadline - self.app.clock.monotonic()
        if left <= 0:
            raise self.located(TotalTimeout(f"The call did not end within its {self.app.timeout.total:g} s."))
        return left

    def located(self, error: E) -> E:
        """The error, saying which request it is about."""
        error.method, error.path, error.attempts = self.operation.method, self.path, self.attempt
        if isinstance(error, TransportError):
            error.host = self.host
        return error

    def pause_before_next(self, error: HexclaveError) -> "_Pause | None":
        """The wait before another attempt; `None` if there is to be none."""
        failure = _failure(error)
        if failure is None:
            return None
        retries, gates, clock = self.app.retries, self.app.shared.local.gates, self.app.clock
        wait = retries.wait(failure, attempt=self.attempt, idempotent=self.operation.idempotent)
        if wait is None or (self.deadline is not None and clock.monotonic() + wait >= self.deadline):
            return None
        try:
            closed = gates.wait(
                self.scope, deadline=self.deadline, clock=clock, longest_closed=retries.longest_retry_after
            )
        except WaitTooLong:
            return None
        return _Pause(wait, max(wait, closed))


class _Pause(NamedTuple):
    """Seconds between two attempts."""

    chosen: float
    """By the retry policy."""
    expected: float
    """With the wait at the gates after that."""


def _failure(error: HexclaveError) -> Failure | None:
    """The failure of an attempt as the retry policy sees it; `None` if no attempt can mend it."""
    if isinstance(error, APIStatusError) and error.status is not None:
        return Answered(error.status, error.retry_after)
    if isinstance(error, (APIConnectionError, ConnectTimeout, ReadTimeout)):
        return NoReply() if error.sent else NotSent()
    return None


def _attempt(call: _Call, tokens: "Tokens | None", admin_token: Secret | None) -> Steps[Reply]:
    """A reply that reports success. The gate of the call's scope learns of every outcome."""
    app, operation = call.app, call.operation
    local = app.shared.local
    # Nothing is limited, as almost always: nothing is asked for then, and nothing learned but from a refusal.
    ticket = None if local.gates.are_open else (yield from _admitted(call, local.gates))
    request = _request(call, next(local.nonces), tokens, admin_token)
    if app.hooks.on_request is not None:
        from hexclave._engine.observing import redact_headers
        from hexclave._events import RequestEvent

        app.hooks.on_request(
            RequestEvent(operation.name, request.method, call.shown_url, redact_headers(request.headers), call.attempt)
        )
    started = app.clock.monotonic()
    reply: Reply | None = None
    failure: HexclaveError | None = None
    try:
        first: Reply = yield Send(request)
        reply = (yield from _followed(call, request, first)) if first.status in _REDIRECTS else first
    except TransportError as error:
        failure = call.located(error)
    if reply is not None:
        if ticket is not None or reply.status == _TOO_MANY:
            local.gates.settle(ticket or Ticket(call.scope), reply.status, reply.headers, clock=app.clock)
        if failed_status(reply) is not None:
            failure = _reported(call, reply)
    if app.hooks.on_response is not None or logger.isEnabledFor(logging.DEBUG):
        from hexclave._engine.observing import observe  # most calls are watched by nobody

        observe(call, reply, failure, app.clock.monotonic() - started)
    if failure is not None:
        raise failure
    assert reply is not None  # noqa: S101 - without a failure there is a reply
    return reply


def _admitted(call: _Call, gates: Gates) -> Steps[Ticket]:
    """Leave to send the next attempt, at the gate of the call's scope."""
    app = call.app
    try:
        return (
            yield from gates.admit(
                call.scope,
                deadline=call.deadline,
                clock=app.clock,
                longest_closed=app.retries.longest_retry_after,
            )
        )
    except WaitTooLong as closed:
        wait = closed.retry_after
    limited = call.last if isinstance(call.last, RateLimitError) else None
    if limited is not None:
        raise limited
    raise call.located(
        RateLimitError(
            f"Calls of this kind are limited, and this one would have had to wait {wait:.1f} s, longer than it may.",
            retry_after=wait,
        )
    )


def _followed(call: _Call, request: Request, reply: Reply) -> Steps[Reply]:
    """The reply of the API's own origin; redirects inside it are followed with method and body."""
    for _ in range(MAX_REDIRECTS):
        if reply.status not in _REDIRECTS or not reply.headers.get("location"):
            return reply
        target = _target(request.url, reply.headers["location"], call.app.origin)
        if target is None:
            raise CrossOriginRedirectError(
                "The API redirected to another origin. The call was not repeated there: it carries credentials.",
                status=reply.status,
                request_id=request_id_of(reply),
            )
        request = attrs.evolve(request, url=target, total_timeout=call.remaining())
        reply = yield Send(request)
    if reply.status in _REDIRECTS and reply.headers.get("location"):
        raise TooManyRedirectsError(f"The API redirected more than {MAX_REDIRECTS} times.")
    return reply


def _target(url: str, location: str, origin: tuple[str, str, int]) -> str | None:
    """Where a redirect goes, `None` unless that is inside the origin beyond doubt."""
    # Parsers disagree about backslashes, control characters and user names, so a URL with any of them is nobody's own.
    if not location.isascii() or not location.isprintable() or "\\" in location or len(location) > _LONGEST_LOCATION:
        return None
    try:
        given, target = urlsplit(location), urljoin(url, location)
        # `http:host/path` is relative to some and absolute to others.
        inside = bool(given.netloc) or not given.scheme
        inside = inside and "@" not in urlsplit(target).netloc and credentials.origin(target) == origin
    except ValueError:
        return None
    return target if inside else None


def _request(call: _Call, nonce: str, tokens: "Tokens | None", admin_token: Secret | None) -> Request:
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
        # An expired access token makes the backend refuse a call that a refresh token alone would authorize.
        refresh_alone = "refresh_token" in operation.needs and "access_token" not in operation.needs
        if tokens.access_token is not None and not refresh_alone:
            headers[HEADERS["access_token"]] = tokens.access_token.reveal()
        if tokens.refresh_token is not None and "refresh_token" in (*operation.needs, *operation.uses):
            headers[HEADERS["refresh_token"]] = tokens.refresh_token.reveal()
    if operation.method in WITH_BODY or operation.body is not UNSET:
        headers["content-type"] = operation.media_type
    return headers


def _value(call: _Call, operation: Operation[T], reply: Reply) -> T:
    try:
        return operation.parse(_decoded(operation, reply))
    # Whatever the body is, reading it must end in a value or in the SDK's own error.
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        problem = str(error) if isinstance(error, WireError) else type(error).__name__
    # Raised here, because the frames of the reader hold the reply.
    raise call.located(
        UnreadableReplyError(
            f"The API reported success, but its reply is not what {operation.name} returns: {problem}.",
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


def _reported(call: _Call, reply: Reply) -> HexclaveError:
    # No call that succeeds needs these.
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
        from hexclave.errors._older_servers import explained

        error = explained(error, reply.content, call.operation)
    if error.code in _UNKNOWN_PROJECT:
        error.host = call.host
    if isinstance(error, RateLimitError):
        error.limit, error.remaining, error.reset = info.limit, info.remaining, info.reset
    return error

"""A browser for the duration of one request: its session, what it has started, and its CSRF token."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar, cast
from urllib.parse import urlencode

from hexclave import AsyncHexclaveClientApp, HexclaveClientApp
from hexclave._steps import Call, Steps
from hexclave.errors import HexclaveError, SessionExpired, UnsafeUseError
from hexclave.sign_in._cookies import joined, parse, written
from hexclave.sign_in._messages import Request
from hexclave.sign_in._settings import ClientApp, Settings
from hexclave.tokens import AsyncTokenStore, MemoryTokenStore, Tokens, TokenStore
from hexclave.verify import AccessTokenClaims, InvalidTokenError, read_unverified
from hexclave_api.secret import Secret

T = TypeVar("T")

SESSION: Final = "hexclave-session"
BROWSER: Final = "hexclave-browser"
WEBSOCKET: Final = "WEBSOCKET"
"""The method of a request for a WebSocket, which other sites can cause like a `POST`."""

_SAFE: Final = ("GET", "HEAD", "OPTIONS", "TRACE")
_STARTED_FOR: Final = 3600
"""Seconds for which a browser may complete what it has started; longer than codes are valid."""
_RENEWED_AFTER: Final = 0.1
"""The part of its lifetime after which a cookie is set again."""
_MASK: Final = 32


class Refusal(NamedTuple):
    """The response to a request without an allowed user."""

    status: int
    headers: Mapping[str, str]


class Browser:
    """The session of the browser that sent a request."""

    def __init__(self, settings: Settings, request: Request) -> None:
        self.settings: Final = settings
        self._request: Final = request
        self.origin: Final = settings.origin_of(request)
        self.is_cross_site: Final = _is_cross_site(request, self.origin)
        """True if another site caused this request, which must not act on behalf of the user."""
        self._secure: Final = self.origin.startswith("https:")
        self._cookies: Final = parse(request.headers.get("cookie", ""))
        self.was_used = False
        """True if the response depends on the session."""
        session = {} if self.is_cross_site else self._opened(SESSION, settings.lifetime)
        self._session_at: float = session.get("at", 0.0)
        self._session_id: str | None = session.get("id")
        self._received: Final = _tokens(session)
        self.session_changed = False
        self.store: AsyncTokenStore = self._store_of(self._received, self._session_id)
        browser = {} if self.is_cross_site else self._opened(BROWSER, _STARTED_FOR)
        self._id: str = browser.get("id", "")
        self._at: float = browser.get("at", 0.0)
        self._renewed = False
        self.started: Final[dict[str, Any]] = browser.get("started", {})
        """Values of a pending sign-in for the browser to complete, hidden from scripts and the user."""
        self._as_received: Final = (self._id, repr(self.started))

    @property
    def sign_in_path(self) -> str:
        """The path of the sign-in page, from which the user comes back to the page of this request."""
        request, settings = self._request, self.settings
        wanted = f"{request.root_path}{request.path}{'?' if request.query_string else ''}{request.query_string}"
        path = f"{request.root_path}{settings.prefix}/sign-in"
        return f"{path}?{urlencode({'next': wanted})}" if request.method in ("GET", "HEAD") else path

    def allowed(
        self, user: AccessTokenClaims | None, *, allow_restricted: bool, allow_anonymous: bool
    ) -> AccessTokenClaims | Refusal:
        """Return the user, or the response if there is none or the user is not allowed.

        Visitors are sent to the sign-in page, restricted users to their account; scripts and WebSockets are refused.
        """
        if user is None or (user.is_anonymous and not allow_anonymous):
            status, path = 401, self.sign_in_path
        elif user.is_restricted and not user.is_anonymous and not allow_restricted:
            status, path = 403, f"{self._request.root_path}{self.settings.prefix}/account"
        else:
            return user
        headers = {"cache-control": "private, no-store"}
        if self._request.wants_json or self._request.method == WEBSOCKET:
            return Refusal(status, headers)
        return Refusal(303, {**headers, "location": path})

    # -- the session

    @property
    def app(self) -> ClientApp:
        """The client app that acts as the browser's user."""
        self.was_used = True
        return with_session(self.settings.app, self.store)

    def user(self, *, fresh: bool = False) -> Steps[AccessTokenClaims | None]:
        """Return the claims about the signed-in user, or `None`.

        Tokens are refreshed after 75 seconds. While that fails, users stay signed in until their token expires. `fresh`
        refreshes them now, which finds out whether the session was revoked.

        Raises:
            HexclaveError: the tokens could not be refreshed.
        """
        self.was_used = True
        tokens = yield from loaded(self.store)
        if tokens is None:
            return None
        try:
            token = yield from (
                self._refreshed(tokens) if fresh else ask(self.app, lambda app: app.auth.get_access_token())
            )
        except SessionExpired:
            return None
        except HexclaveError:
            claims = None if fresh or tokens.access_token is None else _claims(tokens.access_token)
            if claims is None or claims.expires <= self.settings.now():
                raise
            return claims
        return None if token is None else _claims(token)

    def start_session(self, tokens: Tokens) -> Steps[None]:
        """Use these tokens from now on. The old session's ID and CSRF token become invalid."""
        yield from saved(self.store, None)
        self._session_id = None if self.settings.sessions is None else secrets.token_urlsafe(32)
        self.store = self._store_of(tokens, self._session_id)
        if self._session_id is not None:
            yield from saved(self.store, tokens)
        self._begin_anew()

    def end_session(self) -> Steps[None]:
        """Forget the session without calling the API."""
        yield from saved(self.store, None)
        self._session_id = None
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.session_changed = True
        self._id = secrets.token_urlsafe(24)
        self.started.clear()

    def _refreshed(self, tokens: Tokens) -> Steps[Secret | None]:
        if tokens.refresh_token is None:
            return tokens.access_token
        apart = MemoryTokenStore(Tokens(None, tokens.refresh_token))
        try:
            token = yield from ask(with_session(self.settings.app, apart), lambda app: app.auth.get_access_token())
        finally:
            # The session's own store keeps its access token unless the API has answered.
            fresh = apart.load()
            if fresh is None or fresh.access_token is not None:
                yield from replaced(self.store, tokens.refresh_token, fresh)
        return token

    def _store_of(self, tokens: Tokens | None, session_id: str | None) -> AsyncTokenStore:
        if self.settings.sessions is not None:
            return MemoryTokenStore() if session_id is None else self.settings.sessions.open(session_id)
        return MemoryTokenStore() if tokens is None else self.settings.cookie_sessions.open(tokens)

    # -- CSRF

    def csrf_token(self) -> str:
        """Return a token for the forms of this browser, different each time."""
        if not self._id:
            self._id = secrets.token_urlsafe(24)
        # The form may be sent as late as the cookie is valid.
        self._renewed = self.settings.now() - self._at > _RENEWED_AFTER * _STARTED_FOR
        mask = secrets.token_bytes(_MASK)
        masked = bytes(one ^ other for one, other in zip(mask, self._csrf(), strict=True))
        return base64.urlsafe_b64encode(mask + masked).rstrip(b"=").decode()

    def owns_csrf_token(self, token: str) -> bool:
        """Return whether this browser got the token."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii") + b"==")
        except ValueError:
            return False
        mask, masked = raw[:_MASK], raw[_MASK:]
        if not self._id or len(masked) != _MASK:
            return False
        return hmac.compare_digest(bytes(one ^ other for one, other in zip(mask, masked, strict=True)), self._csrf())

    def _csrf(self) -> bytes:
        # Only the server knows the ID: it is in an encrypted cookie.
        return hmac.new(self._id.encode(), b"hexclave csrf token", hashlib.sha256).digest()

    # -- cookies

    def cookies(self) -> list[str]:
        """Return the `Set-Cookie` headers for the response."""
        return [*self._session_cookies(), *self._browser_cookies()]

    def _session_cookies(self) -> list[str]:
        if self.is_cross_site:
            return []
        now = self.settings.now()
        value: dict[str, object]
        age = now - self._session_at
        if self.settings.sessions is not None:
            if not self.session_changed and (self._session_id is None or age < _RENEWED_AFTER * self.settings.lifetime):
                return []
            value = {} if self._session_id is None else {"id": self._session_id}
        else:
            # Sessions in cookies are in memory while a request lasts.
            tokens = cast(MemoryTokenStore, self.store).load()
            if not self.session_changed and tokens == self._received:
                return []
            value = {} if tokens is None else {**tokens.reveal()}
        return self._written(SESSION, {**value, "at": now} if value else None, self.settings.lifetime)

    def _browser_cookies(self) -> list[str]:
        is_same = (self._id, repr(self.started)) == self._as_received
        if self.is_cross_site or (is_same and not self._renewed):
            return []
        return self._written(
            BROWSER, {"id": self._id, "started": self.started, "at": self.settings.now()}, _STARTED_FOR
        )

    def _opened(self, name: str, lifetime: int) -> dict[str, Any]:
        text = joined(self._cookies, self._name(name))
        value = None if text is None else self.settings.sealer.open(name, text)
        if value is None or self.settings.now() - value["at"] > lifetime:
            return {}
        return cast(dict[str, Any], value)

    def _written(self, name: str, value: Mapping[str, object] | None, max_age: int) -> list[str]:
        text = "" if value is None else self.settings.sealer.seal(name, value)
        return written(self._name(name), text, self._cookies, max_age=max_age, secure=self._secure)

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self._secure else name


class LazyBrowser:
    """A browser whose cookies are decrypted when its session is needed, so that other requests cost nothing."""

    def __init__(self, settings: Settings, request: Request) -> None:
        self._settings: Final = settings
        self._request: Final = request
        self.opened: Browser | None = None

    @property
    def browser(self) -> Browser:
        if self.opened is None:
            self.opened = Browser(self._settings, self._request)
        return self.opened


def ask(app: ClientApp, call: Callable[[HexclaveClientApp], T]) -> Steps[T]:
    """Return what the call of the app returns. `call` is written for a blocking app; an async app's is awaited."""
    called = cast(Callable[[ClientApp], Any], call)
    return (yield Call(lambda: called(app), lambda: called(app)))  # type: ignore[no-any-return]


def with_session(app: ClientApp, store: AsyncTokenStore) -> ClientApp:
    """Return the app for another session.

    Raises:
        UnsafeUseError: a blocking app cannot use the store.
    """
    if isinstance(app, AsyncHexclaveClientApp):
        return app.with_session(store)
    if not isinstance(store, TokenStore):
        raise UnsafeUseError("A blocking application needs sessions that are not async, such as RedisSessions.")
    return app.with_session(store)


def loaded(store: AsyncTokenStore) -> Steps[Tokens | None]:
    return (yield Call(lambda: cast(TokenStore, store).load(), store.aload))  # type: ignore[no-any-return]


def saved(store: AsyncTokenStore, tokens: Tokens | None) -> Steps[None]:
    yield Call(lambda: cast(TokenStore, store).save(tokens), lambda: store.asave(tokens))


def replaced(store: AsyncTokenStore, expected: Secret | None, tokens: Tokens | None) -> Steps[bool]:
    blocking = cast(TokenStore, store)
    return (  # type: ignore[no-any-return]
        yield Call(lambda: blocking.compare_and_set(expected, tokens), lambda: store.acompare_and_set(expected, tokens))
    )


def _tokens(session: Mapping[str, Any]) -> Tokens | None:
    access_token, refresh_token = session.get("access_token"), session.get("refresh_token")
    return None if access_token is refresh_token is None else Tokens(access_token, refresh_token)


def _claims(token: Secret) -> AccessTokenClaims | None:
    # The token was sealed by this server, so its signature needs no check.
    try:
        return read_unverified(token)
    except InvalidTokenError:
        return None


def _is_cross_site(request: Request, origin: str) -> bool:
    if request.method in _SAFE:
        return False
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        # Sent by current browsers; `Origin` is `null` if the site sends no referrer.
        return site not in ("same-origin", "none")
    # Programs send neither, and no browser that knows `SameSite`.
    return request.headers.get("origin", origin).lower() != origin

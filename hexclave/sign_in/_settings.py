"""The options of the sign-in pages, validated when the application starts."""

import ipaddress
import re
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypedDict, Unpack, cast
from urllib.parse import urlsplit

import attrs

from hexclave import AsyncHexclaveClientApp, HexclaveClientApp
from hexclave.errors import UnsafeUseError
from hexclave.sign_in._messages import Request
from hexclave.sign_in._paths import safe_path
from hexclave.sign_in._sealing import Sealer, checked_secrets
from hexclave.sign_in._stores import CookieSessions, Sessions
from hexclave.sign_in._throttle import Throttle
from hexclave_api.secret import SecretText, hidden

if TYPE_CHECKING:
    from pathlib import Path

    import jinja2

    from hexclave._ratelimit.shared_gate import SharedState
    from hexclave.redis import RedisGates

ClientApp = HexclaveClientApp | AsyncHexclaveClientApp


class SignInOptions(TypedDict, total=False):
    """The options of the sign-in pages, the same for all frameworks."""

    secret: SecretText | Sequence[SecretText]
    """Encrypts cookies: at least 32 random characters. To replace it, pass a list with the newest first."""
    origin: str
    """The URL at which browsers see the site, such as `https://app.example.com`. Only on localhost may it be omitted:
    the `Host` header of a request can be forged, and the links in emails lead to this origin."""
    prefix: str
    """The path below which the pages are; `/auth` by default."""
    sessions: Sessions
    """Keeps the sessions on the server, such as `RedisSessions`; by default they are in encrypted cookies."""
    lifetime: timedelta
    """The time after which an unused session ends in the browser; 30 days by default."""
    after_sign_in: str
    """The path that users are sent to when they did not ask for a page; `/` by default."""
    after_sign_out: str
    """The path that users are sent to after signing out; `/` by default."""
    gates: "RedisGates"
    """Shares the limit for attempts between workers; by default each worker counts on its own."""
    templates: "Path | str | jinja2.BaseLoader"
    """A directory with templates that replace those of the pages, or a Jinja loader."""
    translate: Callable[[str, Request], str]
    """Returns an English text in the language of the request."""


@attrs.frozen
class Settings:
    """Validated options, and what all requests share."""

    app: ClientApp
    sealer: Sealer
    origin: str | None
    prefix: str
    sessions: Sessions | None
    lifetime: int
    """Seconds."""
    after_sign_in: str
    after_sign_out: str
    throttle: Throttle
    templates: "Path | str | jinja2.BaseLoader | None"
    translate: Callable[[str, Request], str]
    cookie_sessions: CookieSessions = attrs.field(factory=CookieSessions)
    now: Callable[[], float] = time.time

    @classmethod
    def of(cls, app: ClientApp, **options: Unpack[SignInOptions]) -> "Settings":
        """Validate the options.

        Raises:
            UnsafeUseError: an option does not exist, is missing or invalid.
        """
        unknown = options.keys() - SignInOptions.__annotations__.keys()
        if unknown:
            raise UnsafeUseError(f"Unknown option {', '.join(sorted(unknown))}.")
        if not isinstance(app, HexclaveClientApp | AsyncHexclaveClientApp):
            raise UnsafeUseError(
                f"Sign-in needs a client app, not {type(app).__name__}: it acts as the browser's user."
            )
        if "secret" not in options:
            raise UnsafeUseError("secret is missing: pass a random text of at least 32 characters.")
        secrets = checked_secrets(options["secret"])
        sessions = options.get("sessions")
        if sessions is not None and not isinstance(sessions, Sessions):
            raise UnsafeUseError(f"sessions must have a method open(session_id), not {type(sessions).__name__}.")
        lifetime: object = options.get("lifetime", timedelta(days=30))
        if not isinstance(lifetime, timedelta) or not timedelta(minutes=1) <= lifetime <= timedelta(days=366):
            raise UnsafeUseError(f"lifetime must be a timedelta from a minute to 366 days, not {lifetime!r}.")
        gates: SharedState | None = options.get("gates")
        translate = options.get("translate", _untranslated)
        if not callable(cast(object, translate)):
            raise UnsafeUseError(f"translate must be a function, not {type(translate).__name__}.")
        return cls(
            app=app,
            sealer=Sealer(secrets, app.project_id),
            origin=_origin(options.get("origin")),
            prefix=_prefix(options.get("prefix", "/auth")),
            sessions=sessions,
            lifetime=int(lifetime.total_seconds()),
            after_sign_in=_path("after_sign_in", options.get("after_sign_in", "/")),
            after_sign_out=_path("after_sign_out", options.get("after_sign_out", "/")),
            throttle=Throttle(secrets[0], app.project_id, gates),
            templates=options.get("templates"),
            translate=translate,
        )

    @property
    def api_origin(self) -> str:
        """The origin of the API, where sign-ins with a provider begin."""
        scheme, host, port = self.app._performer.context.origin  # noqa: SLF001 - our own app
        return f"{scheme}://{host}:{port}"

    def origin_of(self, request: Request) -> str:
        """Return the origin at which the browser sees the site.

        Raises:
            UnsafeUseError: it is not configured, and the host is not localhost.
        """
        if self.origin is not None:
            return self.origin
        host = request.headers.get("host", "").lower()
        if not _HOST.fullmatch(host) or not _is_loopback(host):
            raise UnsafeUseError(
                "The sign-in pages have no origin, and the request is not for localhost: pass the URL at which "
                "browsers see the site, such as origin='https://app.example.com'."
            )
        scheme = _HTTP.get(request.scheme, request.scheme)
        return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS.get(scheme, ''))}"


_HOST: Final = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
"""Browsers leave them out of the `Origin` header."""
_HTTP: Final = {"ws": "http", "wss": "https"}


def _untranslated(text: str, _request: Request) -> str:
    return text


def _origin(given: object) -> str | None:
    if given is None:
        return None
    text = given.rstrip("/").lower() if isinstance(given, str) else ""
    scheme, _, host = text.partition("://")
    if scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise UnsafeUseError("origin must be a URL without a path, such as https://app.example.com.")
    if scheme == "http" and not _is_loopback(host):
        raise UnsafeUseError(f"origin is http://{host}: sessions need https, except on localhost.")
    return text.removesuffix(_DEFAULT_PORTS[scheme])


def _prefix(given: object) -> str:
    if not isinstance(given, str) or not given.startswith("/") or given != safe_path(given, "") or given.endswith("/"):
        raise UnsafeUseError(f"prefix must be a path such as '/auth', not {_shown(given)}.")
    return given


def _path(name: str, given: object) -> str:
    if not isinstance(given, str) or safe_path(given, "") != given:
        raise UnsafeUseError(f"{name} must be a path of this site such as '/', not {_shown(given)}.")
    return given


def _shown(given: object) -> str:
    """Return a repr for an error, which must not show a secret passed by mistake."""
    return repr(given) if isinstance(given, str) and "/" in given else repr(hidden(given) if given else given)


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False

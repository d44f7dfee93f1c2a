"""Options common to all apps."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypedDict, TypeVar

from hexclave.errors import UnsafeUseError
from hexclave.hooks import Hooks
from hexclave.ratelimit import RateLimit
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from hexclave_api.value import Value

if TYPE_CHECKING:
    import ssl

    from hexclave._ratelimit.shared_gate import SharedState

__all__ = ["AppInfo", "AppOptions"]

HttpClient = TypeVar("HttpClient")
TransportT = TypeVar("TransportT")


def _check_product(name: str, value: object) -> None:
    if (
        not isinstance(value, str)
        or not value.isascii()
        or not all(sign.isalnum() or sign in "-._~+" for sign in value or " ")
    ):
        raise UnsafeUseError(
            f"AppInfo: {name} must consist of letters, digits and any of -._~+, such as my-app or 1.2.0."
        )


def _check_url(value: object) -> None:
    if (
        not isinstance(value, str)
        or not value.startswith(("https://", "http://"))
        or not (value.isascii() and value.isprintable())
        or any(sign in value for sign in "()@\\ ")
    ):
        raise UnsafeUseError("AppInfo: url must be an absolute URL without spaces, parentheses or a user name.")


class AppInfo(Value):
    """Your program, named in the `User-Agent` of every call: `my-app/1.2.0 (+https://example.com)`.

    Raises:
        UnsafeUseError: a value is not valid in a header.
    """

    name: str
    version: str | None
    url: str | None

    def __init__(self, name: str, version: str | None = None, url: str | None = None) -> None:
        vars(self).update(name=name, version=version, url=url)
        _check_product("name", name)
        if version is not None:
            _check_product("version", version)
        if url is not None:
            _check_url(url)

    def __str__(self) -> str:
        product = self.name if self.version is None else f"{self.name}/{self.version}"
        return product if self.url is None else f"{product} (+{self.url})"


class AppOptions(TypedDict, Generic[HttpClient, TransportT], total=False):
    """Options of every app besides its keys; all keyword-only."""

    base_url: str | None
    """Base URL of the API, without `/api/v1`. Default: `HEXCLAVE_API_URL`, else https://api.hexclave.com."""
    timeout: Timeout | float | None
    """Seconds for a whole call, or a `Timeout`; `None` disables all timeouts. Default: `Timeout()`, 60 s."""
    retries: Retries | int
    """The retry policy, or the maximum number of attempts, including the first."""
    rate_limit: RateLimit | float | None
    """Your own limit for all calls of the app, in addition to the API's limits: a `RateLimit`, or calls per second."""
    gates: "SharedState | None"
    """Shared rate-limit state for several processes: a `hexclave.redis.RedisGates`. Default: not shared."""
    http_client: HttpClient | None
    """Your own httpx or httpx2 client, blocking or async like the app, which does not close it. Default: the app's own
    connections."""
    transport: TransportT | None
    """A transport, blocking or async like the app, which does not close it; see `hexclave.transport`."""
    ssl_context: "ssl.SSLContext | None"
    """TLS certificates and versions for the app's own connections. Default: the certificates of certifi, or those
    in `SSL_CERT_FILE` or `SSL_CERT_DIR`."""
    http2: bool
    """Use HTTP/2 for the app's own connections. Needs `httpx[http2]`. Default: no."""
    max_reply_size: int
    """Maximum size of a reply body in bytes, both compressed and decompressed. Default: 64 MiB."""
    branch_id: str | None
    """Branch of the project. Default: the API uses `main`."""
    allow_anonymous: bool
    """Let anonymous users make calls (implies restricted users). Default: no."""
    allow_restricted: bool
    """Let restricted users make calls. Default: no."""
    allow_insecure_http: bool
    """Send keys over plain HTTP to hosts other than localhost, too. Default: no."""
    extra_headers: Mapping[str, str] | None
    """Additional headers for every call, for example for a proxy."""
    app_info: AppInfo | None
    """Your program's name and version, for the `User-Agent` of every call. Default: only the SDK's and Python's."""
    hooks: Hooks
    """Callbacks for every attempt, reply and retry."""

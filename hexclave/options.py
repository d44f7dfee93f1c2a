"""What every app takes besides its keys."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypedDict, TypeVar

from hexclave.hooks import Hooks
from hexclave.ratelimit import RateLimit
from hexclave.retries import Retries
from hexclave.timeouts import Timeout

if TYPE_CHECKING:
    import ssl

    from hexclave._ratelimit.shared_gate import SharedState

__all__ = ["AppOptions"]

HttpClient = TypeVar("HttpClient")
TransportT = TypeVar("TransportT")


class AppOptions(TypedDict, Generic[HttpClient, TransportT], total=False):
    """What every app takes besides its keys; all keyword-only."""

    base_url: str | None
    """Where the API is, without `/api/v1`. Default: `HEXCLAVE_API_URL`, else https://api.hexclave.com."""
    timeout: Timeout | float | None
    """Seconds for a whole call, or a `Timeout`; `None` waits without limit. Default: `Timeout()`, 60 s."""
    retries: Retries | int
    """What is repeated and how long it waits; or how often a call is sent at most, the first time included."""
    rate_limit: RateLimit | float | None
    """A ceiling of your own over all calls of the app, besides the limits that the API announces: a `RateLimit`, or
    calls per second."""
    gates: "SharedState | None"
    """Where processes share each limit and the ceiling: a `hexclave.redis.RedisGates`. Default: nowhere."""
    http_client: HttpClient | None
    """Your own httpx or httpx2 client of the app's mode, which the app does not close. Default: connections of the
    app's own."""
    transport: TransportT | None
    """A transport of the app's mode, which the app does not close; see `hexclave.transport`."""
    ssl_context: "ssl.SSLContext | None"
    """Certificates and versions of TLS for the app's own connections. Default: the certificates of certifi, or those
    that `SSL_CERT_FILE` or `SSL_CERT_DIR` name."""
    http2: bool
    """Whether the app's own connections speak HTTP/2, through httpx, with `httpx[http2]` installed. Default: no."""
    max_reply_size: int
    """Bytes that the body of a reply may have, both as sent and decompressed. Default: 64 MiB."""
    branch_id: str | None
    """The project's branch; the API takes `main` without it."""
    allow_anonymous: bool
    """Whether calls by anonymous users are let through (implies restricted ones). Default: no."""
    allow_restricted: bool
    """Whether calls by restricted users are let through. Default: no."""
    allow_insecure_http: bool
    """Whether keys may go over plain http to a host that is not this machine. Default: no."""
    extra_headers: Mapping[str, str] | None
    """Headers of your own for every call, such as a proxy's."""
    hooks: Hooks
    """Functions that see every attempt, reply and wait."""

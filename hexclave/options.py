"""Options common to all apps."""

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
    """Options of every app besides its keys; all keyword-only."""

    base_url: str | None
    """Base URL of the API, without `/api/v1`. Default: `HEXCLAVE_API_URL`, else https://api.hexclave.com."""
    timeout: Timeout | float | None
    """Seconds for a whole call, or a `Timeout`; `None` disables all timeouts. Default: `Timeout()`, 60 s."""
    retries: Retries | int
    """Which calls are retried and when, or the maximum number of attempts, including the first."""
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
    """Whether the app's own connections use HTTP/2. Needs `httpx[http2]`. Default: no."""
    max_reply_size: int
    """Maximum size of a reply body in bytes, both compressed and decompressed. Default: 64 MiB."""
    branch_id: str | None
    """Branch of the project. Default: the API uses `main`."""
    allow_anonymous: bool
    """Whether anonymous users may make calls (implies restricted users). Default: no."""
    allow_restricted: bool
    """Whether restricted users may make calls. Default: no."""
    allow_insecure_http: bool
    """Whether keys may be sent over plain HTTP to a host other than localhost. Default: no."""
    extra_headers: Mapping[str, str] | None
    """Additional headers for every call, for example for a proxy."""
    hooks: Hooks
    """Callbacks for every attempt, reply and retry."""

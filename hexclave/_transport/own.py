"""The transports that apps make themselves: connections of our own, or a client of httpx where only that will do."""

import os
import sys
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from hexclave.errors import UnsafeUseError

if TYPE_CHECKING:
    import ssl

    import httpx

    from hexclave._transport.protocol import AsyncTransport, Transport

C = TypeVar("C", "httpx.Client", "httpx.AsyncClient")

_PROXIES: Final = frozenset({"http_proxy", "https_proxy", "all_proxy"})
_SYSTEM_PROXIES: Final = frozenset({"darwin", "win32"})
"""Sources of proxies other than the environment."""


class OwnTransports(NamedTuple):
    """The factory for the transports of an app: one per process, or per event loop."""

    ssl_context: "ssl.SSLContext | None" = None
    http2: bool = False

    # Nothing is loaded before the first call, and then only what makes it.

    def blocking(self) -> "Transport":
        """Make the transport of a blocking app.

        Raises:
            UnsafeUseError: a required package is not installed, or a proxy in the environment cannot be used.
        """
        if self.http2 or names_proxy():
            import httpx

            from hexclave._transport.clients import HttpxTransport

            return HttpxTransport(self._client(httpx.Client))
        from hexclave._transport.sockets import SocketTransport

        return SocketTransport(ssl_context=self.ssl_context)

    def awaiting(self) -> "AsyncTransport":
        """Make the transport of an async app for the running event loop.

        Raises:
            UnsafeUseError: a required package is not installed, or a proxy in the environment cannot be used.
        """
        if self.http2 or names_proxy():
            import httpx

            from hexclave._transport.clients import AsyncHttpxTransport

            return AsyncHttpxTransport(self._client(httpx.AsyncClient))
        from hexclave._transport.streams import AsyncSocketTransport

        return AsyncSocketTransport(ssl_context=self.ssl_context)

    def _client(self, kind: "type[C]") -> "C":
        import httpx

        from hexclave._transport.pool import CONNECTIONS
        from hexclave._transport.tls import default_context

        # A client of HTTP/1.1 does not see bytes beyond a reply, so none of its connections is used twice.
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=None if self.http2 else 0)
        problem = "A proxy that the environment names (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY) cannot be used"
        try:
            return kind(verify=self.ssl_context or default_context(), http2=self.http2, limits=limits)
        except ImportError as error:  # The message says what to install.
            problem = f"http2=True, or a SOCKS proxy of the environment, needs more: {error}"
        except (ValueError, httpx.InvalidURL) as error:
            # Not in its words, which may show the proxy's password.
            problem = f"{problem} ({type(error).__name__}): it must be a URL such as http://proxy.example.com:8080."
        raise UnsafeUseError(problem)


def names_proxy() -> bool:
    """Return true if the environment has a proxy for any URL."""
    if any(value and name.lower() in _PROXIES for name, value in os.environ.items()):
        return True
    if sys.platform not in _SYSTEM_PROXIES:
        return False
    from urllib.request import getproxies  # slow to load

    return bool(getproxies())

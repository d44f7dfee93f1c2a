"""What httpx decides: proxies of the environment, URLs that are not plain, and most encodings of replies.

Loaded when one of them comes up, because loading it takes longer than a call.
"""

import ssl
from typing import Any, TypeVar

import httpx

from hexclave import _deadline
from hexclave.errors import UnsafeUseError

C = TypeVar("C", httpx.Client, httpx.AsyncClient)


def pool(url: str, context: ssl.SSLContext | None) -> Any:
    """Makes connections for threads, directly or by the proxy that the environment names for this URL.

    Raises:
        UnsafeUseError: a proxy of the environment is none that httpx can use.
    """
    client = _made(httpx.Client, context)
    _deadline.watch(client)
    return _pool_of(client, url)


def async_pool(url: str, context: ssl.SSLContext | None) -> Any:
    """The same for tasks."""
    return _pool_of(_made(httpx.AsyncClient, context), url)


def parts(url: str) -> tuple[bytes, bytes, int | None, bytes, bytes]:
    """Scheme, host, port, value of the header `Host`, path with query.

    Raises:
        httpx.InvalidURL: they cannot be told.
    """
    read = httpx.URL(url)
    return read.raw_scheme, read.raw_host, read.port, read.netloc, read.raw_path


def decoded(status: int, headers: list[tuple[bytes, bytes]], content: bytes) -> bytes:
    """The content without its encodings; empty where it cannot be decoded and the status says enough.

    Raises:
        httpx.DecodingError: it cannot be decoded.
    """
    try:
        return httpx.Response(status, headers=headers, content=content).content
    except httpx.DecodingError:
        if 200 <= status < 300:
            raise
        return b""


def _made(kind: type[C], context: ssl.SSLContext | None) -> C:
    problem = "A proxy that the environment names (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY) cannot be used"
    try:
        return kind(verify=context or _none())
    except ImportError as error:  # It says what to install for SOCKS.
        problem = f"{problem}: {error}"
    except (ValueError, httpx.InvalidURL) as error:
        # Not in its words, which may show the proxy's password.
        problem = f"{problem} ({type(error).__name__}): it must be a URL such as http://proxy.example.com:8080."
    raise UnsafeUseError(problem)


def _none() -> ssl.SSLContext:
    """For plain http; one with certificates takes long to make."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _pool_of(client: httpx.Client | httpx.AsyncClient, url: str) -> Any:
    # There is no public way to learn the proxy, nor to have the pool's kind of connection without its queue.
    transport: Any = client._transport_for_url(httpx.URL(url))  # noqa: SLF001 - see above
    return transport._pool  # noqa: SLF001

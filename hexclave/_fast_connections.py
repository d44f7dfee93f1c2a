"""The connections of `http_client="fast"`: made and kept by pyreqwest, in a thread outside of the interpreter.

Its runtime does not live on in a forked child, so such a child gets the usual connections.
"""

import contextlib
import functools
import os
import time
from datetime import timedelta
from typing import Any, Final, Generic, TypeVar

import msgspec
from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder

# All of them are loaded now: the library would import a class when it raises it, which a signal turns into an abort.
from pyreqwest.exceptions import DetailedPyreqwestError, PyreqwestError, RequestTimeoutError

from hexclave._content_coding import decoded
from hexclave._failures import unreachable
from hexclave._messages import Reply, Request
from hexclave.errors import APIConnectionError, ConnectTimeout, HexclaveError, ReadTimeout, TotalTimeout, UnsafeUseError

C = TypeVar("C", Client, SyncClient)

LOADED_IN: Final = os.getpid()
"""The only process in which calls can be made."""
CONNECTIONS: Final = 100
_ALL_STR: Final = frozenset({str})
_EXPIRY: Final = timedelta(seconds=5)
_HEADERS: Final = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "user-agent": "hexclave-python",
}
_decode: Final = msgspec.json.Decoder().decode


class FastReply(Reply):
    def json(self) -> object:
        try:
            return _decode(self.content)
        # Whatever only the standard library takes, such as NaN or other encodings, is decoded as everywhere else.
        except (ValueError, RecursionError):
            return super().json()


class Clients(Generic[C]):
    """One for each pair of limits, because the library takes these two for a client and not for a request."""

    def __init__(self, builder: type[ClientBuilder] | type[SyncClientBuilder]) -> None:
        self._builder = builder
        self._clients: dict[tuple[float | None, float | None], C] = {}
        self.is_closed = False

    def _client(self, request: Request) -> C:
        limits = request.connect_timeout, request.read_timeout
        client = self._clients.get(limits)
        # One step, so that all threads get the same one.
        return self._clients.setdefault(limits, self._made(*limits).build()) if client is None else client

    def _made(self, connect: float | None, read: float | None) -> Any:
        builder = (
            self._builder()
            .default_headers(_HEADERS)
            .http1_lower_case_headers()
            .follow_redirects(False)
            .referer(False)
            .pool_idle_timeout(_EXPIRY)
        )
        for decompress in (builder.gzip, builder.brotli, builder.zstd, builder.deflate):
            builder = decompress(False)
        if connect is not None:
            builder = builder.connect_timeout(timedelta(seconds=connect))
        if read is not None:
            builder = builder.read_timeout(timedelta(seconds=read))
        return builder

    def _forget(self) -> None:
        """Not closed, which would break off the calls under way: the last of them closes the connections."""
        self.is_closed = True
        self._clients.clear()


class FastConnections(Clients[SyncClient]):
    """For threads."""

    def __init__(self) -> None:
        super().__init__(SyncClientBuilder)

    def _made(self, connect: float | None, read: float | None) -> Any:
        return super()._made(connect, read).max_connections(CONNECTIONS)

    def send(self, request: Request, ends: float | None) -> Reply:
        try:
            made = filled(self._client(request).request(request.method, request.url), request)
            if ends is not None:
                made = made.timeout(until(ends))
            response = made.build().send()
            return reply(response, bytes(response.bytes()))
        except (PyreqwestError, ValueError) as error:
            failure = translated(error, ends)
        raise failure

    def close(self) -> None:
        """Calls under way come to their end."""
        self._forget()


def until(ends: float) -> timedelta:
    """What is left, rounded up to hundredths of a second, which are made once: to make one takes long."""
    return _hundredths(max(int((ends - time.monotonic()) * 100), 0) + 1)


@functools.lru_cache(maxsize=1024)
def _hundredths(count: int) -> timedelta:
    return timedelta(milliseconds=10 * count)


def filled(made: Any, request: Request) -> Any:
    headers = request.headers
    if "cookie" in headers:  # The API's cookies would carry one user's call over into another's.
        headers = {name: value for name, value in headers.items() if name != "cookie"}
    made = made.headers(headers)
    return made if request.content is None else made.body_bytes(request.content)


def reply(response: Any, content: bytes) -> Reply:
    headers = _joined(response.headers)
    if "content-encoding" in headers:
        content = decoded(response.status, headers["content-encoding"], content)
    return FastReply(response.status, headers, content)


def _joined(raw: Any) -> dict[str, str]:
    whole: dict[str, Any]
    try:
        whole = raw.dict_multi_value()
    except ValueError:
        # A value is not ASCII, which the library will not hand out. None that the SDK reads ever is such.
        whole = {}
        for name in raw:
            with contextlib.suppress(ValueError):
                whole[name] = raw.getall(name)
    if _ALL_STR.issuperset(map(type, whole.values())):
        return whole
    return {name: value if isinstance(value, str) else ", ".join(value) for name, value in whole.items()}


def translated(error: PyreqwestError | ValueError, ends: float | None) -> HexclaveError:
    causes = error.details.get("causes") or [] if isinstance(error, DetailedPyreqwestError) else []
    messages = [cause["message"] for cause in causes]
    # The first names the URL.
    reason = ": ".join([type(error).__name__, *messages[1:]])
    connected = "client error (Connect)" not in messages
    if isinstance(error, RequestTimeoutError):
        if ends is not None and time.monotonic() >= ends:
            return TotalTimeout("The call did not end in time.")
        if not connected:
            return ConnectTimeout("No connection came about in time.")
        return ReadTimeout("The connection went silent before the reply was complete.")
    if not connected:
        return unreachable(reason)
    if isinstance(error, PyreqwestError):
        return APIConnectionError(f"The connection broke before the reply was complete ({reason}).")
    return UnsafeUseError(f"The call cannot be sent ({reason}).")

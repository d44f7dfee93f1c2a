"""When a blocking attempt ends. The HTTP library limits each wait on a socket alone, so a drip would never time out."""

import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from hexclave._failures import unreachable

if TYPE_CHECKING:
    from ssl import SSLContext

_limit: Final = threading.local()
"""`ends`: when this thread's running attempt is out of time, in monotonic seconds."""
_PIECE: Final = 1 << 14


class until:  # noqa: N801 - reads as a word of the `with` statement; a class, because a generator costs thrice as much
    """Inside the block no wait of this thread on a socket that `watch` knows of lasts longer.

    Raises:
        TimeoutError: there is no time left; where it ends during a wait, the library's own error for that wait.
    """

    __slots__ = ("_ends",)

    def __init__(self, ends: float | None) -> None:
        self._ends = ends

    def __enter__(self) -> None:
        _limit.ends = self._ends

    def __exit__(self, *_: object) -> None:
        _limit.ends = None


def watch(client: Any) -> None:
    """Clip the waits of an httpx or httpx2 client; transports of another kind, such as mocks, are left alone.

    The clients take no backend, hence the hold on their pools. Outside of `until` nothing changes for their owner.
    """
    for transport in (getattr(client, "_transport", None), *getattr(client, "_mounts", {}).values()):
        pool = getattr(transport, "_pool", None)
        if pool is not None and not isinstance(pool._network_backend, Backend):  # noqa: SLF001 - see above
            pool._network_backend = Backend(pool._network_backend)  # noqa: SLF001


def chunks(ends: float | None, body: Iterable[bytes]) -> Iterator[bytes]:
    """The same, as long as there is time: the other side may be so quick that no wait is ever needed.

    Raises:
        TimeoutError: there is none left.
    """
    for chunk in body:
        yield chunk
        if ends is not None and time.monotonic() >= ends:
            raise TimeoutError


class Backend:
    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> "_Stream":
        try:
            opened = self._backend.connect_tcp(host, port, _clipped(timeout), local_address, socket_options)
        except UnicodeError as error:  # No name service could know such a host, which the library does not tell.
            raise unreachable(f"{type(error).__name__}: {error}") from None
        return _Stream(opened)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> "_Stream":
        return _Stream(self._backend.connect_unix_socket(path, _clipped(timeout), socket_options))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _Stream:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes = self._stream.read(max_bytes, _clipped(timeout))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In pieces, because the library grants the whole timeout anew whenever the other side has taken a little.
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], _clipped(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: "SSLContext", server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Stream":
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _clipped(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _clipped(timeout: float | None) -> float | None:
    ends: float | None = getattr(_limit, "ends", None)
    if ends is None:
        return timeout
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left if timeout is None else min(timeout, left)

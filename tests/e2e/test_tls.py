"""Failures before a TLS connection exists: nothing was sent, and the connect limits apply."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from hexclave.errors import APIConnectionError, ConnectTimeout, TotalTimeout
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from tests.e2e.calling import (
    Outcome,
    Place,
    Server,
    attempted,
    attempted_async,
    awaiting,
    blocking,
    check,
    operation,
    run,
)

RECORD = b"\x16\x03\x03\x40\x00" + bytes(16_384)
"""Looks like the beginning of a handshake."""


class Secure(Place):
    """The place with https."""

    @property
    def base_url(self) -> str:
        return super().base_url.replace("http:", "https:")


@contextmanager
def talking(data: bytes, gap: float | None) -> Iterator[Secure]:
    """Yield a port that sends the data to every client: at once, or with a gap in seconds after each byte."""
    done = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            while not done.is_set():
                peer, _ = listening.accept()
                threading.Thread(target=talk, args=[peer]).start()

    def talk(peer: socket.socket) -> None:
        with peer, suppress(OSError):
            for piece in [data] if gap is None else [data[place : place + 1] for place in range(len(data))]:
                peer.sendall(piece)
                if done.wait(gap or 0):
                    return
            while peer.recv(65_536):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = threading.Thread(target=serve)
        accepting.start()
        try:
            yield Secure(listening.getsockname()[1], "nobody", "home")
        finally:
            done.set()
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()


def call(mode: str, place: Place, timeout: Timeout) -> Outcome:
    settings = {"timeout": timeout, "retries": Retries.OFF}
    if mode == "blocking":
        with blocking(place, **settings) as app:
            return attempted(lambda: app.call(operation("POST")))

    async def main() -> Outcome:
        async with awaiting(place, **settings) as app:
            return await attempted_async(lambda: app.call(operation("POST")))

    return run(main())


@pytest.mark.parametrize(
    ("limits", "error"),
    [(Timeout(total=5, connect=0.4), ConnectTimeout), (Timeout(total=0.4, connect=None, read=None), TotalTimeout)],
    ids=["connect", "total"],
)
@pytest.mark.parametrize("gap", [None, 0.05], ids=["silent", "dripping"])
def test_a_handshake_that_does_not_end(mode: str, gap: float | None, limits: Timeout, error: type[Exception]) -> None:
    with talking(b"" if gap is None else RECORD, gap) as here:
        outcome = call(mode, here, limits)
    check(outcome, total=0.4)
    assert type(outcome.error) is error, repr(outcome.error)


@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 100], ids=["http", "zeros"])
def test_a_server_without_tls_gets_nothing(mode: str, data: bytes) -> None:
    with talking(data, None) as here:
        outcome = call(mode, here, Timeout(total=5, connect=1))
    check(outcome, total=1)
    assert type(outcome.error) is APIConnectionError, repr(outcome.error)
    assert not outcome.error.sent


def test_a_server_that_speaks_plain_http_gets_nothing(server: Server, mode: str) -> None:
    here = Secure(server.port, "ok", "secure")
    outcome = call(mode, here, Timeout(total=5, connect=0.4))
    check(outcome, total=0.4)
    assert type(outcome.error) in (ConnectTimeout, APIConnectionError)
    assert not outcome.error.sent
    assert here.seen == []

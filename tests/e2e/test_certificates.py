"""Certificates of https servers must come from a trusted issuer, and name the host that was called."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import certifi
import pytest
import trustme

from hexclave import AsyncHexclaveServerApp, HexclaveServerApp
from hexclave._transport import tls
from hexclave.errors import APIConnectionError
from hexclave.retries import Retries
from tests.e2e import calling
from tests.e2e.calling import Outcome, attempted, attempted_async, check, operation, run

REPLY = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"secret": "s"}'


def issued(folder: Path, host: str) -> tuple[Path, Path]:
    """Return the certificate of a new authority, and one of its certificates for the host, with its key."""
    ca, authority, chain = trustme.CA(), folder / "authority.pem", folder / "server.pem"
    ca.cert_pem.write_to_path(str(authority))
    ca.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(str(chain))
    return authority, chain


@contextmanager
def showing(chain: Path) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the port of a server with the certificate, and the requests it received."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    requests: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=[listening.accept()[0]]).start()

    def answer(peer: socket.socket) -> None:
        with suppress(OSError), peer, context.wrap_socket(peer, server_side=True) as stream:
            while data := stream.recv(1 << 16):
                requests.append(data)
                stream.sendall(REPLY)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = threading.Thread(target=serve)
        accepting.start()
        try:
            yield listening.getsockname()[1], requests
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()


@pytest.fixture(autouse=True)
def _certificates_are_read_anew() -> Iterator[None]:
    tls.default_context.cache_clear()
    yield
    tls.default_context.cache_clear()


def call(mode: str, port: int) -> Outcome:
    settings = calling.options(retries=Retries.OFF, base_url=f"https://127.0.0.1:{port}")
    if mode == "blocking":
        with HexclaveServerApp("project-1", calling.KEYS["server"], **settings) as app:
            return attempted(lambda: app.call(operation()))

    async def main() -> Outcome:
        async with AsyncHexclaveServerApp("project-1", calling.KEYS["server"], **settings) as app:
            return await attempted_async(lambda: app.call(operation()))

    return run(main())


def test_an_issuer_that_the_environment_names_is_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: str
) -> None:
    authority, chain = issued(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with showing(chain) as (port, requests):
        outcome = call(mode, port)
    assert outcome.error is None, repr(outcome.error)
    assert outcome.result == {"secret": "s"}
    assert len(requests) == 1


def test_the_authorities_are_those_of_certifi_in_any_import_order() -> None:
    script = "import sys; from hexclave._transport.tls import _certifi_file as f; print(f(), 'certifi' in sys.modules)"
    for first, is_loaded in (("", False), ("import certifi; certifi.where = lambda: certifi.core.where(); ", True)):
        done = subprocess.run([sys.executable, "-c", first + script], check=True, capture_output=True, text=True)
        assert done.stdout.split() == [certifi.where(), str(is_loaded)]


@pytest.mark.parametrize(("named", "host"), [(False, "127.0.0.1"), (True, "127.0.0.2"), (True, "api.example.com")])
def test_no_key_is_sent_to_a_server_with_another_certificate(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: str, named: bool, host: str
) -> None:
    authority, chain = issued(tmp_path, host)
    if named:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with showing(chain) as (port, requests):
        outcome = call(mode, port)
    check(outcome)
    assert type(outcome.error) is APIConnectionError, repr(outcome.error)
    assert not outcome.error.sent
    assert requests == []

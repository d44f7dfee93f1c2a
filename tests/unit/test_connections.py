"""What the connections decide themselves, they decide as httpx does."""

import gzip
import ssl
from pathlib import Path

import certifi
import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave import _by_httpx, _connections
from hexclave._connections import Origin, address, reply

HOSTS = st.from_regex(r"[A-Za-z0-9._-]{1,12}|[0-9]{1,3}(\.[0-9]{1,3}){3}|\[::1\]", fullmatch=True)
PORTS = st.sampled_from(["", ":", ":80", ":443", ":8000", ":080", ":65535", ":65536", ":0", ":٣"])


@given(st.sampled_from(["http", "https", "HTTP"]), HOSTS, PORTS)
def test_an_origin_is_read_as_httpx_reads_it(scheme: str, host: str, port: str) -> None:
    url = f"{scheme}://{host}{port}/api/v1/users?limit=1"
    try:
        *origin, target = _by_httpx.parts(url)
    except httpx.InvalidURL:
        with pytest.raises(httpx.InvalidURL):
            address(url)
    else:
        assert address(url) == (Origin(*origin), target)


@pytest.mark.parametrize("url", ["https://api.example.com", "http://127.0.0.1:8000", "http://localhost:80"])
def test_a_usual_origin_is_read_without_httpx(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(_by_httpx, "parts", None)
    _connections._origin.cache_clear()
    origin, target = address(f"{url}/api/v1/users/u1")
    assert (origin.scheme + b"://" + origin.header, target) == (url.removesuffix(":80").encode(), b"/api/v1/users/u1")


def _described(context: ssl.SSLContext) -> tuple[object, ...]:
    certificates = sorted(context.get_ca_certs(binary_form=True))
    ciphers = [cipher["name"] for cipher in context.get_ciphers()]
    versions = context.minimum_version, context.maximum_version
    return certificates, ciphers, versions, context.options, context.verify_mode, context.verify_flags


@pytest.mark.parametrize("named", [None, "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_are_judged_as_httpx_judges_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str | None
) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    if named is not None:
        first = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----")
        bundle = tmp_path / "some.pem"
        bundle.write_text("".join(first[:2]))
        monkeypatch.setenv(named, str(bundle if named == "SSL_CERT_FILE" else tmp_path))
    _connections._ssl_context.cache_clear()
    try:
        ours = _connections._ssl_context()
    finally:
        _connections._ssl_context.cache_clear()
    assert ours.check_hostname
    assert _described(ours) == _described(httpx.create_ssl_context())
    assert len(ours.get_ca_certs()) == {None: len(ours.get_ca_certs()), "SSL_CERT_FILE": 1, "SSL_CERT_DIR": 0}[named]


def _replied(status: int, encoding: bytes, content: bytes) -> bytes:
    return reply(httpcore.Response(status, headers=[(b"Content-Encoding", encoding)]), content).content


def test_a_zipped_reply_is_read_without_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_by_httpx, "decoded", None)
    assert _replied(200, b"gzip", gzip.compress(b'{"id": "u1"}')) == b'{"id": "u1"}'


@given(st.binary(max_size=60), st.integers(0, 90), st.binary(max_size=3))
def test_a_zipped_reply_is_read_as_httpx_reads_it(content: bytes, cut: int, tail: bytes) -> None:
    sent = gzip.compress(content)[:cut] + tail
    assert _replied(500, b"gzip", sent) == _by_httpx.decoded(500, [(b"content-encoding", b"gzip")], sent)


def test_idle_connections_expire_as_those_of_httpx() -> None:
    theirs = httpx.HTTPTransport()._pool
    pool = _connections.Connections()._direct(None)
    for name in ("_keepalive_expiry", "_http1", "_http2", "_retries", "_local_address", "_uds", "_socket_options"):
        assert getattr(pool, name) == getattr(theirs, name)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "http_proxy", "All_Proxy", "no_proxy"])
def test_what_the_environment_says_of_proxies_is_left_to_httpx(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for other in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(other, raising=False)
        monkeypatch.delenv(other.lower(), raising=False)
    assert not _connections._may_be_proxied()
    monkeypatch.setenv(name, "")
    assert _connections._may_be_proxied()


def test_the_system_is_asked_for_proxies_where_it_has_some(monkeypatch: pytest.MonkeyPatch) -> None:
    for other in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(other, raising=False)
        monkeypatch.delenv(other.lower(), raising=False)
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"http": "http://proxy.example.com"})
    assert not _connections._may_be_proxied()
    monkeypatch.setattr(_connections.sys, "platform", "darwin")
    assert _connections._may_be_proxied()

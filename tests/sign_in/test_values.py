"""The parts that need no application: sealed values, cookies in chunks, paths that are safe to go to, attempts."""

import base64
import time

import pytest

from hexclave._engine.executor import BlockingExecutor
from hexclave.errors import UnsafeUseError
from hexclave.sign_in import MemorySessions, Request
from hexclave.sign_in._cookies import CHUNK, joined, parse, written
from hexclave.sign_in._messages import form_fields
from hexclave.sign_in._paths import safe_path
from hexclave.sign_in._sealing import Sealer, checked_secrets
from hexclave.sign_in._stores import CookieSessions
from hexclave.sign_in._throttle import PER_ACCOUNT, PER_ADDRESS, MemoryState, Throttle
from hexclave.tokens import Tokens
from hexclave_api.secret import Secret

OLD, NEW = Secret("o" * 32), Secret("n" * 32)


def jars(headers):
    """The cookies that a browser has after these headers."""
    cookies = {}
    for header in headers:
        name, _, value = header.partition(";")[0].partition("=")
        if "Max-Age=0" in header:
            cookies.pop(name, None)
        else:
            cookies[name] = value
    return cookies


# -- sealing


def test_a_sealed_value_opens_for_its_project_and_purpose_alone():
    sealer = Sealer([NEW], "p")
    text = sealer.seal("session", {"a": 1})
    assert sealer.open("session", text) == {"a": 1}
    assert sealer.open("browser", text) is None
    assert Sealer([NEW], "q").open("session", text) is None
    assert Sealer([OLD], "p").open("session", text) is None


def test_older_secrets_open_and_the_newest_seals():
    text = Sealer([OLD], "p").seal("session", 1)
    rotated = Sealer([NEW, OLD], "p")
    assert rotated.open("session", text) == 1
    assert Sealer([NEW], "p").open("session", rotated.seal("session", 2)) == 2


def test_every_changed_bit_and_every_truncation_is_refused():
    sealer = Sealer([NEW], "p")
    text = sealer.seal("session", {"a": 1})
    raw = base64.urlsafe_b64decode(text.partition(".")[2] + "==")
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1
        assert sealer.open("session", "1." + base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("=")) is None
    for length in range(len(text)):
        assert sealer.open("session", text[:length]) is None


@pytest.mark.parametrize("text", ["", "1", "1.", "2.AAAA", "1.é", "1.!!!!", "1.A", "x" * 9000, "1." + "A" * 40])
def test_unsealed_values_are_refused(text):
    assert Sealer([NEW], "p").open("session", text) is None


def test_two_seals_of_one_value_differ():
    sealer = Sealer([NEW], "p")
    assert sealer.seal("session", 1) != sealer.seal("session", 1)


@pytest.mark.parametrize("secret", ["short", "", [], ["x" * 32, "short"], 7, None, b"x" * 32])
def test_weak_secrets_are_refused_and_never_shown(secret):
    with pytest.raises(UnsafeUseError, match="secret") as refused:
        checked_secrets(secret)
    assert "short" not in str(refused.value)


# -- cookies


@pytest.mark.parametrize("length", [1, CHUNK, CHUNK + 1, 3 * CHUNK, 5 * CHUNK])
def test_values_of_any_length_come_back_and_fit_browsers(length):
    value = "v" * length
    headers = written("__Host-s", value, {}, max_age=60, secure=True)
    assert all(len(header) <= 4096 for header in headers)
    assert joined(jars(headers), "__Host-s") == value
    assert all("; Secure; HttpOnly; SameSite=Lax" in header and "Path=/;" in header for header in headers)
    assert all("Domain" not in header for header in headers)


def test_a_shorter_value_leaves_no_chunk_behind():
    long = jars(written("s", "v" * 3 * CHUNK, {}, max_age=60, secure=False))
    after = {**long, **dict.fromkeys(long, "")}
    headers = written("s", "short", long, max_age=60, secure=False)
    kept = {name: value for name, value in {**after, **jars(headers)}.items() if value}
    assert kept == {"s": "short"}
    assert sorted(header.partition("=")[0] for header in headers if "Max-Age=0" in header) == ["s.0", "s.1", "s.2"]


def test_missing_and_mixed_chunks_are_refused():
    sealer = Sealer([NEW], "p")
    one, other = (sealer.seal("s", letter * 9000) for letter in "ab")
    first = jars(written("s", one, {}, max_age=60, secure=False))
    second = jars(written("s", other, {}, max_age=60, secure=False))
    assert len(first) > 2
    assert sealer.open("s", joined(first, "s")) == "a" * 9000
    for name in first:
        without = {each: value for each, value in first.items() if each != name}
        text = joined(without, "s")
        assert text is None or sealer.open("s", text) is None
        assert sealer.open("s", joined({**first, name: second[name]}, "s")) is None


@pytest.mark.parametrize("count", ["", "1", "0", "-1", "99", "x", "٣", "6"])
def test_wrong_counts_of_chunks_are_refused(count):
    assert joined({"s.0": f"{count}~a", "s.1": "b"}, "s") is None


def test_values_too_large_for_cookies_are_an_error_of_the_program():
    with pytest.raises(UnsafeUseError, match="RedisSessions"):
        written("s", "v" * (5 * CHUNK + 1), {}, max_age=60, secure=False)


def test_parsing_takes_the_first_of_two_cookies():
    assert parse('a=1; b="2"; a=3; c; =4; d=5=6') == {"a": "1", "b": "2", "": "4", "d": "5=6"}


# -- paths


@pytest.mark.parametrize("path", ["/", "/documents", "/a?b=c&d=/e#f", "/a/b.html", "/%2e%2e", "/a?next=https://x"])
def test_paths_of_this_site_are_safe(path):
    assert safe_path(path, "/x") == path


HOSTILE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https://evil.example",
    "http:evil.example",
    "https:/evil.example",
    "https:\\evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    ":evil",
    "?next=x",
    "#x",
    "",
    None,
    "/a\\..\\evil",
    "/\x00/evil.example",
    "/\u2028/evil",
    "/\u3000/evil.example",
    "/\uff0f/evil.example",
    "/<script>",
    '/"onload=',
    "/a b",
    "/" + "a" * 3000,
    "/\r\nSet-Cookie: a=b",
    "http://localhost@evil.example",
    "/.//evil.example"[1:],
]


@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_paths_are_not(path):
    assert safe_path(path, "/x") == "/x"


# -- stores


def test_parallel_requests_share_a_store_and_later_ones_get_its_tokens():
    now = [0.0]
    sessions = CookieSessions(lambda: now[0])
    store = sessions.open(Tokens("a", "r"))
    assert sessions.open(Tokens("a", "r")) is store
    assert sessions.open(Tokens("a", "other")) is not store
    store.save(Tokens("b", "r"))
    assert sessions.open(Tokens("a", "r")).load() == Tokens("b", "r")
    store.save(None)
    assert sessions.open(Tokens("a", "r")).load() is None
    now[0] = 800.0
    assert sessions.open(Tokens("a", "r")).load() is None
    now[0] = 2000.0
    sessions.open(Tokens("a", "other"))
    assert sessions.open(Tokens("a", "r")).load() == Tokens("a", "r")


def test_sessions_in_memory_are_bounded():
    sessions = MemorySessions()
    first = sessions.open("0")
    first.save(Tokens("a", "r"))
    for number in range(1, 10_001):
        sessions.open(str(number))
    assert sessions.open("0").load() is None


# -- attempts


def attempts(throttle, address, account, count):
    return [BlockingExecutor().run(throttle.wait_for(address, account)) for _ in range(count)]


def test_attempts_are_limited_by_account_and_by_address():
    throttle = Throttle(NEW, "p", None)
    waits = attempts(throttle, "1.2.3.4", "Ada@example.com", PER_ACCOUNT + 1)
    assert waits[:-1] == [0.0] * PER_ACCOUNT
    assert waits[-1] > 0
    assert attempts(throttle, "5.6.7.8", "ada@example.com ", 1)[0] > 0
    waits = [attempts(throttle, "9.9.9.9", f"u{number}", 1)[0] for number in range(PER_ADDRESS + 1)]
    assert waits[:-1] == [0.0] * PER_ADDRESS
    assert waits[-1] > 0
    assert attempts(throttle, "1.1.1.1", "lin@example.com", 1) == [0.0]


def test_a_limit_fills_up_again(monkeypatch):
    throttle, now = Throttle(NEW, "p", None), [time.time()]
    monkeypatch.setattr(time, "time", lambda: now[0])
    attempts(throttle, "a", "x", PER_ACCOUNT)
    now[0] += attempts(throttle, "a", "x", 1)[0] + 0.01
    assert attempts(throttle, "a", "x", 2)[0] == 0.0
    assert attempts(throttle, "a", "x", 1)[0] > 0


def test_workers_share_a_limit_and_no_name_is_stored():
    shared = MemoryState()
    one, other = Throttle(NEW, "p", shared), Throttle(NEW, "p", shared)
    attempts(one, "a", "ada@example.com", PER_ACCOUNT)
    assert attempts(other, "b", "ada@example.com", 1)[0] > 0
    assert "ada" not in repr(vars(shared))


def test_a_store_that_is_away_limits_each_worker():
    class Away:
        def swap(self, key, expected, new):
            return None
            yield

    throttle = Throttle(NEW, "p", Away())
    assert attempts(throttle, "a", "x", PER_ACCOUNT + 1)[-1] > 0


# -- requests


@pytest.mark.parametrize(
    ("kind", "body", "fields"),
    [
        ("application/x-www-form-urlencoded", b"a=1&b=&a=2", {"a": "1", "b": ""}),
        ("application/json; charset=utf-8", b'{"a": "1", "b": 2, "c": null}', {"a": "1"}),
        ("application/json", b"[1]", {}),
        ("application/json", b"{", {}),
        ("application/json", b"[" * 60_000, {}),
        ("text/plain", b"a=1", {}),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(200)), {}),
        ("application/x-www-form-urlencoded", b"\xff=\xff", {"\ufffd": "\ufffd"}),
    ],
)
def test_forms_are_read_without_raising(kind, body, fields):
    request = Request(method="POST", path="/", headers={"content-type": kind}, scheme="http")
    assert form_fields(request, body).form == fields


def test_no_secret_is_in_a_repr():
    request = Request(
        method="POST", path="/", query_string="code=s3cret", headers={"cookie": "s3cret"}, scheme="http",
        form={"password": "s3cret"},
    )  # fmt: skip
    assert "s3cret" not in repr(request)

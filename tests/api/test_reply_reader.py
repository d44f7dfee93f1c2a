"""The reply parser compared with h11: the same bytes get the same verdict or a stricter one, however they are split."""

import contextlib
import itertools
from typing import NamedTuple

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hexclave._transport.parsing import LONGEST_HEAD, ReplyReader
from hexclave.errors import APIConnectionError, UnreadableReplyError

LIMIT = 1 << 20


class Verdict(NamedTuple):
    status: int
    content: bytes
    reusable: bool


def ours(method: str, pieces: list[bytes], *, ended: bool, limit: int = LIMIT) -> Verdict | None:
    """Return the parsed replies; `None` if the reply is refused or incomplete."""
    reader = ReplyReader(method, limit)
    try:
        complete = False
        for number, piece in enumerate(pieces):
            if reader.feed(piece):
                complete = True
                # Data that arrives later is detected as surplus before the connection is reused.
                reader.reusable = reader.reusable and number == len(pieces) - 1
                break
        if not complete:
            if not ended:
                return None
            reader.end()
    except (APIConnectionError, UnreadableReplyError):
        return None
    return Verdict(reader.status, b"".join(reader.chunks), reader.reusable)


def theirs(method: str, data: bytes, *, ended: bool) -> Verdict | None:
    """Return the verdict of h11."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
    connection.send(h11.Request(method=method, target="/", headers=[("host", "example.com")]))
    connection.send(h11.EndOfMessage())
    status, content = 0, b""
    try:
        connection.receive_data(data)
        if ended:
            connection.receive_data(b"")
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                content += event.data
            elif isinstance(event, h11.EndOfMessage):
                reusable = connection.their_state is h11.DONE and not connection.trailing_data[0]
                return Verdict(status, content, reusable)
            elif event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return None
    except h11.RemoteProtocolError:
        return None


def check_verdict(method: str, pieces: list[bytes], *, ended: bool) -> None:
    """Expect that a reply which is read is read by h11, too, with the same result."""
    mine = ours(method, pieces, ended=ended)
    if mine is None:
        return
    other = theirs(method, b"".join(pieces), ended=ended)
    assert other is not None
    assert (mine.status, mine.content) == (other.status, other.content)
    assert not mine.reusable or other.reusable


STATUS = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 404",
        b"HTTP/1.0 200 OK",
        b"HTTP/1.1 204 No",
        b"HTTP/1.1 304 No",
        b"HTTP/1.1 500 ",
        b"HTTP/1.1 100 Continue",
        b"HTTP/1.1 103 Hints",
        b"HTTP/1.1 101 Switch",
        b"HTTP/2 200",
        b"http/1.1 200 OK",
        b"HTTP/1.1  200 OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000",
        b"HTTP/1.10 200 OK",
        b"ICE/1.0 200 OK",
        b"",
    ]
)
HEADER = st.sampled_from(
    [
        b"content-length: 2",
        b"Content-Length: 2",
        b"content-length: 0",
        b"content-length: 5",
        b"content-length: 02",
        b"content-length: +2",
        b"content-length: 2, 2",
        b"content-length: 2,3",
        b"content-length: ",
        b"content-length:2 ",
        b"content-length : 2",
        b"content-length: 0x2",
        b"content-length: 2_0",
        b"content-length: \xd9\xa2",
        b"content-length: 1e1",
        b"content-length: -1",
        b"content-length: 99999999999999999999",
        b"transfer-encoding: chunked",
        b"Transfer-Encoding: CHUNKED",
        b"transfer-encoding: gzip, chunked",
        b"transfer-encoding: identity",
        b"transfer-encoding: chunked, chunked",
        b"transfer-encoding: xchunked",
        b"transfer-encoding:\x0bchunked",
        b"transfer-encoding: chunked;a=b",
        b"transfer-encoding : chunked",
        b"transfer-encoding: ",
        b"connection: close",
        b"connection: keep-alive",
        b"connection: upgrade, close",
        b"upgrade: h2c",
        b"x-a: b",
        b"x-a:\tb\t",
        b" folded",
        b"\tfolded",
        b"x-a: \x00",
        b"x-a: a\rb",
        b"x\x00a: b",
        b": x",
        b"x-a",
        b"x a: b",
        b"x-a: caf\xe9",
        b"x-a: \x7f",
        b"(x): 1",
        b"",
    ]
)
BODY = st.sampled_from(
    [
        b"",
        b"{}",
        b"{}\r\n",
        b"{}HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"{}{}{",
        b"abcde",
        b"\r\n",
        b"2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\n\r\n\r\n",
        b"2\r\n{}\r\n0\r\n\r\nHTTP/1.1",
        b"2;a=b\r\n{}\r\n0\r\n\r\n",
        b"02\r\n{}\r\n00\r\n\r\n",
        b"2\n{}\n0\n\n",
        b"2\r\n{}0\r\n\r\n",
        b"2 \r\n{}\r\n0\r\n\r\n",
        b"0x2\r\n{}\r\n0\r\n\r\n",
        b"+2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nx: 1\r\n\r\n",
        b"2\r\n{}\r\n0\r\nx: 1\r\n\r\n{}",
        b"2\r\n{}\r\n0\r\n",
        b"2\r\n{}\r\n0\r\ncontent-length: 9\r\n\r\n",
        b"2\r\n{}\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"-2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\n\r\n\n",
        b"0\r\n\r\n0\r\n\r\n",
        b"2\r\n{}\r\n0\r\nbad trailer\r\n\r\n",
        b"ffffffffffffffffff\r\n{}",
        b"\r\n2\r\n{}\r\n0\r\n\r\n",
        b"0\r\n\r\n\r",
    ]
)


@st.composite
def replies(draw: st.DrawFn) -> bytes:
    heads = draw(st.lists(st.tuples(STATUS, st.lists(HEADER, max_size=4)), min_size=1, max_size=2))
    end = draw(st.sampled_from([b"\r\n"] * 8 + [b"\n", b"\r"]))
    data = bytearray(b"".join(end.join([status, *lines, b"", b""]) for status, lines in heads) + draw(BODY))
    for place, byte in draw(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=1)):
        if place < len(data):
            data[place] = byte
    return bytes(data)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place for place in places if 0 < place < len(data)}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges) if end > start]


@settings(max_examples=2_000, deadline=None)
@given(
    st.sampled_from(["GET", "GET", "HEAD"]),
    replies() | st.binary(max_size=60),
    st.lists(st.integers(1, 200), max_size=5),
    st.booleans(),
)
@example("GET", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n\r\n", [], False)
@example("GET", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}\r\n", [], False)
def test_a_verdict_is_that_of_h11_or_a_stricter_one(method: str, data: bytes, places: list[int], ended: bool) -> None:
    check_verdict(method, cut(data, places), ended=ended)


@settings(max_examples=1_000, deadline=None)
@given(replies(), st.lists(st.integers(1, 200), max_size=8))
def test_it_does_not_matter_how_a_reply_is_cut(data: bytes, places: list[int]) -> None:
    """Except for surplus data: if it arrives later, it is detected later."""
    whole, pieces = ours("GET", [data] if data else [], ended=True), ours("GET", cut(data, places), ended=True)
    assert whole == pieces


PLAIN = [
    b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx-trailer: 1\r\n\r\n",
    b"HTTP/1.1 103 Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
]


@pytest.mark.parametrize("data", PLAIN)
def test_a_usual_reply_keeps_its_connection_byte_by_byte(data: bytes) -> None:
    assert ours("GET", [data], ended=False) == Verdict(200, b"{}", True)
    assert ours("GET", [bytes([byte]) for byte in data], ended=False) == Verdict(200, b"{}", True)
    assert ours("GET", [data, b"\r\n"], ended=False) == ours("GET", [data + b"\r\n"], ended=False)
    assert ours("GET", [data + b"\r\n"], ended=False) == Verdict(200, b"{}", False)


@pytest.mark.parametrize("trailer", [b"Transfer-Encoding: gzip", b"transfer-encoding: chunked", b"Content-Length: 2"])
@pytest.mark.parametrize("rest", [b"", b"HTTP/1.1 204 No\r\n\r\n"])
def test_a_trailer_about_the_length_is_refused(trailer: bytes, rest: bytes) -> None:
    data = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + trailer + b"\r\n\r\n" + rest
    assert ours("GET", [data], ended=True) is None
    assert ours("GET", cut(data, list(range(len(data)))), ended=True) is None


@pytest.mark.parametrize(
    "surplus", [b"HTTP/1.1 204 No\r\n\r\n", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"H", b"HTTP/1.1", b"\0"]
)
@pytest.mark.parametrize("data", PLAIN)
def test_any_surplus_ends_the_connection(data: bytes, surplus: bytes) -> None:
    assert ours("GET", [data + surplus], ended=False) == Verdict(200, b"{}", False)
    assert ours("GET", [data[:-1], data[-1:] + surplus], ended=False) == Verdict(200, b"{}", False)


@pytest.mark.parametrize("framing", [b"content-length: 9", b"transfer-encoding: chunked", b"x: y"])
@pytest.mark.parametrize("size", [8, 9])
def test_a_body_above_the_limit_is_refused(framing: bytes, size: int) -> None:
    body = b"2\r\n{}\r\n0\r\n\r\n" if b"chunked" in framing else b"123456789"
    assert ours("GET", [b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n" + body], ended=True, limit=8) is None


def test_a_body_at_the_limit_is_read() -> None:
    for framing in (b"content-length: 9", b"x: y"):
        data = b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n123456789"
        verdict = ours("GET", [data], ended=True, limit=9)
        assert verdict is not None
        assert verdict.content == b"123456789"


@pytest.mark.parametrize(("size", "fits"), [(16_000, True), (17_000, False)])
def test_a_line_has_a_limit(size: int, fits: bool) -> None:
    data = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: " + b"a" * size + b"\r\n\r\n"
    assert (ours("GET", [data], ended=False) is not None) is fits


def test_a_head_has_a_limit_whether_it_ends_or_not() -> None:
    lines = b"".join(b"x-%d: %s\r\n" % (number, b"a" * 1_000) for number in range(70))
    for data in (b"HTTP/1.1 200 OK\r\n" + lines, b"HTTP/1.1 200 OK\r\n" + lines + b"content-length: 0\r\n\r\n"):
        reader = ReplyReader("GET", LIMIT)
        with pytest.raises(APIConnectionError, match="headers are too long"):
            reader.feed(data)
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    reader = ReplyReader("GET", LIMIT)
    for _ in range(LONGEST_HEAD // len(interim)):
        reader.feed(interim)
    with pytest.raises(APIConnectionError, match="headers are too long"):
        reader.feed(interim)


def test_other_failures_are_not_swallowed() -> None:
    with contextlib.suppress(APIConnectionError):
        ReplyReader("GET", LIMIT).feed(b"SSH-2.0-OpenSSH_9.6\r\n")
        raise AssertionError("another protocol was taken for HTTP")


@pytest.mark.parametrize("method", ["on_header", "on_headers_complete", "on_body"])
@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_is_not_a_malformed_reply(method, interrupt, monkeypatch):
    """Ctrl-C may come while llhttp calls us, and is swallowed there."""

    def interrupted(*_):
        raise interrupt

    monkeypatch.setattr(ReplyReader, method, interrupted)
    with pytest.raises(interrupt):
        ReplyReader("GET", LIMIT).feed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")

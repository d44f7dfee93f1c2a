"""The choice of fast connections, and that their replies are read as all others are."""

import json
import math
import sys
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

import hexclave
from hexclave import UnsafeUseError
from hexclave._fast_connections import FastReply
from hexclave._messages import Reply

KEY = "ssk_not_a_real_key_0000000000000000000000000000"


def make(http_client: Any) -> object:
    return hexclave.HexclaveServerApp("p1", KEY, http_client=http_client)


def test_another_text_is_refused() -> None:
    with pytest.raises(UnsafeUseError, match='must be a client or "fast"'):
        make("slow")


@pytest.mark.parametrize("missing", ["pyreqwest", "msgspec"])
def test_what_is_not_installed_is_said_when_the_app_is_made(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    find = sys.meta_path[:]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == missing else find)
    with pytest.raises(UnsafeUseError, match=r"pip install 'hexclave\[fast\]'"):
        make("fast")


def test_making_an_app_loads_nothing_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "hexclave._fast_connections")
    make("fast")
    assert "hexclave._fast_connections" not in sys.modules


def read(reply: Reply) -> object:
    try:
        return reply.json()
    except (ValueError, RecursionError) as error:
        return type(error).__name__


def same(one: Any, other: Any) -> bool:
    """Equal and of equal types all through; NaN is NaN."""
    if isinstance(one, float) and isinstance(other, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True, alphabet="0123456789.eE+-"
)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.binary()
    | NUMBERS.map(str.encode)
    | TREES.map(lambda tree: json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    | TREES.map(lambda tree: json.dumps(tree).encode())
    | TREES.map(lambda tree: json.dumps(tree).encode("utf-16"))
)
@example(b"18446744073709551616")
@example(b"-9223372036854775809")
@example(b"1e400")
@example(b"-0.0")
@example(b"NaN")
@example(b"\xef\xbb\xbf{}")
@example(b'"\\ud800"')
@example(b'{"a":1,"a":2}')
@example(b"[" * 100_000)
@example(b"[" * 900 + b"]" * 900)
def test_a_fast_reply_reads_as_the_standard_library_reads_it(content: bytes) -> None:
    assert same(read(FastReply(200, {}, content)), read(Reply(200, {}, content)))

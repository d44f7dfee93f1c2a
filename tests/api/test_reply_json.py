"""Replies have the same values whether decoded by msgspec or by the standard library."""

import json
import math
from typing import Any

import hypothesis.strategies as st
from hypothesis import example, given

from hexclave._messages import _WORTHWHILE, Reply, _Decoder

QUICK = _Decoder()
QUICK(b" " * _WORTHWHILE + b"1")


def read(decode: Any) -> object:
    try:
        return decode()
    except (ValueError, RecursionError) as error:
        return type(error).__name__


def same(one: Any, other: Any) -> bool:
    """Compare values and types recursively; NaN equals NaN. Iterative, because Python 3.12 limits recursion."""
    pairs = [(one, other)]
    while pairs:
        one, other = pairs.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, dict):
            if list(one) != list(other):
                return False
            pairs += [(one[key], other[key]) for key in one]
        elif isinstance(one, list):
            if len(one) != len(other):
                return False
            pairs += zip(one, other, strict=True)
        elif isinstance(one, float) and math.isnan(one):
            if not math.isnan(other):
                return False
        elif one != other or (isinstance(one, float) and math.copysign(1, one) != math.copysign(1, other)):
            return False
    return True


def test_the_comparison_itself_sees_differences() -> None:
    alike = [1, 1.5, -0.0, math.nan, "a", None, True, [1, [2]], {"a": [1], "b": {}}]
    assert all(same(each, each) for each in alike)
    different = [(1, 1.0), (1, True), (0.0, -0.0), (math.nan, 1.0), ([1], [1, 2]), ([[1]], [[2]])]
    different += [({"a": 1}, {"a": 2}), ({"a": 1}, {"b": 1}), ({"a": 1, "b": 2}, {"b": 2, "a": 1})]
    assert not any(same(one, other) for one, other in different)


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
def test_a_reply_reads_as_the_standard_library_reads_it(content: bytes) -> None:
    assert QUICK.is_quick
    assert same(read(lambda: QUICK(content)), read(lambda: json.loads(content)))


def test_msgspec_decodes_once_so_much_was_read_that_importing_it_pays_off() -> None:
    decode = _Decoder()
    assert decode(b"[1]" + b" " * (_WORTHWHILE - 4)) == [1]
    assert not decode.is_quick
    assert decode(b"[2]") == [2]
    assert decode.is_quick
    assert Reply(200, {}, b"[3]").json() == [3]

"""Untrusted input gives a result or an SDK error."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import NAMES, TARGETS
from tests.signing import payload

json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
claims = st.fixed_dictionaries({}, optional={name: json_values | st.just(value) for name, value in payload().items()})
texts = st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))


def mangled(seed: bytes) -> st.SearchStrategy[bytes]:
    """Return the seed with a part removed and another inserted."""
    places = st.tuples(st.integers(0, len(seed)), st.integers(0, len(seed)))
    return st.builds(lambda cut, other: seed[: min(cut)] + other + seed[max(cut) :], places, st.binary(max_size=20))


@pytest.mark.parametrize("name", TARGETS)
@settings(deadline=None)
@given(st.data())
def test_bytes_and_text(name: str, data: st.DataObject) -> None:
    TARGETS[name].run(data.draw(st.binary(max_size=300) | texts))


@pytest.mark.parametrize("name", TARGETS)
@settings(deadline=None)
@given(st.data())
def test_previously_valid_values(name: str, data: st.DataObject) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        target.run(seed)
    target.run(data.draw(st.sampled_from(target.seeds).flatmap(mangled)))


@settings(deadline=None)
@given(claims)
def test_claims_of_any_type(values: dict[str, object]) -> None:
    TARGETS["signed_payload"].run(json.dumps(payload() | values).encode())
    TARGETS["signed_payload"].run(json.dumps(values).encode())


@settings(deadline=None)
@given(json_values)
def test_documents_and_bodies_of_any_json(value: object) -> None:
    for name in ("key_document", "webhook_body", "signed_header"):
        TARGETS[name].run(json.dumps(value).encode())
    TARGETS["key_document"].run(json.dumps({"keys": [value]}).encode())
    TARGETS["webhook_body"].run(json.dumps({"type": "user.created", "data": value}).encode())


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(NAMES) - 1), st.text(max_size=80)), max_size=4))
def test_headers_of_any_text(headers: list[tuple[int, str]]) -> None:
    lines = [bytes([name]) + text.replace("\n", " ").encode("utf-8", "surrogatepass") for name, text in headers]
    TARGETS["request_headers"].run(b"\n".join(lines))

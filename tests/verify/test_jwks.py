"""Conversion of JWKS entries to keys."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from hexclave.verify._jwks import read_keys
from tests.signing import FOREIGN, NORMAL, b64, jwk, made_key

GOOD = jwk("good", NORMAL)


def same(key: ec.EllipticCurvePublicKey, private: ec.EllipticCurvePrivateKey) -> bool:
    return key.public_numbers() == private.public_key().public_numbers()


@pytest.mark.parametrize("coordinate", ["x", "y"])
def test_a_coordinate_without_its_leading_zeros_is_repaired(coordinate: str) -> None:
    """The API omits them, so that about one key in 128 is too short for the standard."""
    short = made_key(lambda numbers: getattr(numbers, coordinate).bit_length() <= 248)
    entry = jwk("short", short, padded=False)
    assert len(entry[coordinate]) < 43
    assert same(read_keys({"keys": [entry]})["short"], short)


def test_a_coordinate_with_its_leading_zeros_is_read_as_it_is() -> None:
    short = made_key(lambda numbers: numbers.x.bit_length() <= 248)
    assert same(read_keys({"keys": [jwk("short", short)]})["short"], short)


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        7,
        "text",
        [],
        {},
        {"kty": "RSA", "alg": "RS256", "kid": "bad", "n": "AQAB", "e": "AQAB"},
        {"kty": "oct", "kid": "bad", "k": "c2VjcmV0"},
        {**GOOD, "kid": None},
        {**GOOD, "kid": ""},
        {**GOOD, "kid": ["bad"]},
        {**GOOD, "kid": "bad", "kty": "OKP"},
        {**GOOD, "kid": "bad", "crv": "P-384"},
        {**GOOD, "kid": "bad", "crv": ["P-256"]},
        {**GOOD, "kid": "bad", "alg": "HS256"},
        {**GOOD, "kid": "bad", "use": "enc"},
        {**GOOD, "kid": "bad", "x": GOOD["y"]},
        {**GOOD, "kid": "bad", "x": b64(bytes(32)), "y": b64(bytes(32))},
        {**GOOD, "kid": "bad", "x": b64(b"\xff" * 32)},
        {**GOOD, "kid": "bad", "x": ""},
        {**GOOD, "kid": "bad", "x": None},
        {**GOOD, "kid": "bad", "x": 7},
        {**GOOD, "kid": "bad", "x": b64(bytes(1) + NORMAL.public_key().public_numbers().x.to_bytes(32))},
        {**GOOD, "kid": "bad", "x": GOOD["x"] + "="},
        {**GOOD, "kid": "bad", "x": "\u00e9" * 43},
        {**GOOD, "kid": "bad", "x": "A" * 1_000_000},
        {"kid": "bad", "kty": "EC", "crv": "P-256"},
    ],
)
def test_garbage_beside_a_good_key_is_passed_over(garbage: Any) -> None:
    assert read_keys({"keys": [garbage, GOOD, garbage]}).keys() == {"good"}


def test_a_point_off_the_curve_is_no_key() -> None:
    numbers = NORMAL.public_key().public_numbers()
    with pytest.raises(ValueError, match="no ES256 key"):
        read_keys({"keys": [{**GOOD, "y": b64((numbers.y ^ 1).to_bytes(32))}]})


def test_a_key_of_another_curve_is_no_key() -> None:
    numbers = ec.generate_private_key(ec.SECP256K1()).public_key().public_numbers()
    entry = {**GOOD, "x": b64(numbers.x.to_bytes(32)), "y": b64(numbers.y.to_bytes(32))}
    with pytest.raises(ValueError, match="no ES256 key"):
        read_keys({"keys": [entry]})


def test_an_rsa_key_is_no_key() -> None:
    numbers = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    entry = {"kty": "RSA", "kid": "r", "n": b64(numbers.n.to_bytes(256)), "e": "AQAB"}
    with pytest.raises(ValueError, match="no ES256 key"):
        read_keys({"keys": [entry]})


def test_the_first_of_two_keys_with_one_id_counts() -> None:
    assert same(read_keys({"keys": [GOOD, jwk("good", FOREIGN)]})["good"], NORMAL)


def test_algorithm_and_use_may_be_left_out() -> None:
    entry = {name: value for name, value in GOOD.items() if name != "alg"}
    assert read_keys({"keys": [entry]}).keys() == {"good"}


@pytest.mark.parametrize(
    "document", [None, [], "x", 7, {}, {"keys": None}, {"keys": {}}, {"keys": []}, {"keys": [None]}]
)
def test_a_document_without_any_key_is_an_error(document: Any) -> None:
    with pytest.raises(ValueError, match="no ES256 key"):
        read_keys(document)


json = (
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=50)
    | st.lists(st.text(max_size=5), max_size=2)
)
entries = st.fixed_dictionaries({}, optional={name: json | st.just(value) for name, value in GOOD.items()}) | json


@given(st.lists(entries, max_size=4))
def test_whatever_is_in_the_document_it_ends_in_keys_or_a_value_error(entries: list[Any]) -> None:
    try:
        keys = read_keys({"keys": entries})
    except ValueError:
        return
    assert all(same(key, NORMAL) for key in keys.values())

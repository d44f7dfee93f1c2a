"""Parsing of API keys."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave.verify import ApiKeyText, InvalidApiKeyError, read_api_key

SECRET = "ma32g71wmz5y1xqhn03w3h3jpjhdkna7g858yenfqka0g"
KEY = f"sk_{SECRET}0123456789abcdef0123456789abcdefuser0574ck4u7h38725c67"
ID = "01234567-89ab-cdef-0123-456789abcdef"


def made(
    prefix: str = "sk", owner: str = "user", flag: str = "0", secret: str = SECRET, marker: str = "574ck4u7h"
) -> str:
    text = f"{prefix}_{secret}{ID.replace('-', '')}{owner}{flag}{marker}"
    return f"{text}{zlib.crc32(text.encode()):08x}"


def test_a_key_of_the_official_sdk_is_read() -> None:
    assert read_api_key(KEY) == ApiKeyText(id=ID, owner="user", prefix="sk", is_public=False, is_self_hosted=False)
    assert made() == KEY


@pytest.mark.parametrize(
    ("flag", "public", "self_hosted"), [("0", False, False), ("1", False, True), ("2", True, False), ("3", True, True)]
)
@pytest.mark.parametrize("owner", ["user", "team"])
@pytest.mark.parametrize("prefix", ["sk", "pk", "my_Own_prefix", "_", "a" * 128])
def test_owner_prefix_and_flags_are_read(flag: str, public: bool, self_hosted: bool, owner: str, prefix: str) -> None:
    read = read_api_key(made(prefix, owner, flag))
    assert (read.owner, read.prefix, read.is_public, read.is_self_hosted) == (owner, prefix, public, self_hosted)


@given(st.integers(0, len(KEY) - 1), st.sampled_from("0123456789abcdefghjkmnpqrstvwxyzAZ_"))
def test_every_wrong_character_shows(at: int, character: str) -> None:
    wrong = KEY[:at] + character + KEY[at + 1 :]
    if wrong != KEY:
        with pytest.raises(InvalidApiKeyError):
            read_api_key(wrong)


@pytest.mark.parametrize(
    "text",
    [
        *["", "sk_", KEY[:-1], KEY[1:], KEY + "0", f" {KEY}", f"{KEY}\n", f"{KEY}\0", KEY.upper(), "a" * 1_000_000],
        *[made(owner="club"), made(flag="u"), made(marker="stack-auth"), made("a" * 129), made("sk-"), made("\u00e9")],
        *[None, 7, b"x"],
    ],
)
def test_an_invalid_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidApiKeyError) as caught:
        read_api_key(text)
    assert SECRET not in f"{caught.value!r} {caught.value.explain()}"

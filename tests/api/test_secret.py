"""The text of a secret is visible only through `reveal()`."""

import copy
import dataclasses
import io
import json
import logging
import pickle
import pprint
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave_api.secret import Secret


@attrs.frozen
class AttrsHolder:
    key: Secret


@dataclasses.dataclass
class DataclassHolder:
    key: Secret


class PlainHolder:
    def __init__(self, key: Secret) -> None:
        self.key = key


def logged(secret: Secret) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.Logger("test")  # noqa: LOG001 - one of its own leaves the global ones alone
    logger.addHandler(handler)
    logger.error("key %s %r", secret, secret)
    logger.error("keys %(key)s", {"key": secret})
    return stream.getvalue()


def traced(secret: Secret) -> str:
    try:
        held = AttrsHolder(secret)
        _ = 1 / (held is None)
    except ZeroDivisionError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    raise AssertionError


def misused(secret: Secret) -> str:
    """Return the error for using a secret as a string."""
    with pytest.raises(TypeError) as not_json:
        json.dumps({"key": secret})
    with pytest.raises(TypeError) as not_joined:
        "".join([secret])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="format code") as not_a_number:
        format(secret, "d")
    return f"{not_json.value} {not_joined.value} {not_a_number.value}"


def attributes(secret: Secret) -> str:
    """Return every attribute as a debugger lists them, slots included."""
    return " ".join(f"{name}={getattr(secret, name)!r}" for name in dir(secret) if name != "__doc__")


RENDERINGS: dict[str, Callable[[Secret], object]] = {
    "str": str,
    "repr": repr,
    "f-string": lambda secret: f"{secret} {secret!r} {secret!s} {secret!a} {secret:>60} {secret:.3}",
    "format": lambda secret: "{} {!r} {:^50} {._read}".format(*[secret] * 4),
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - the old form is what is tested
    "list, dict, tuple, set": lambda secret: repr([secret, {"a": secret, secret: 1}, (secret,), {secret}]),
    "pprint": lambda secret: pprint.pformat({"keys": [secret] * 9}),
    "logging": logged,
    "vars of an object": lambda secret: vars(PlainHolder(secret)),
    "attrs": lambda secret: f"{AttrsHolder(secret)} {attrs.asdict(AttrsHolder(secret))}",
    "dataclass": lambda secret: f"{DataclassHolder(secret)} {dataclasses.asdict(DataclassHolder(secret))}",
    "json with default=str": lambda secret: json.dumps({"key": secret}, default=str),
    "traceback with locals": traced,
    "all attributes": attributes,
    "pickle": lambda secret: [pickle.dumps(secret, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)],
    "pickle of an object": lambda secret: pickle.dumps([AttrsHolder(secret), DataclassHolder(secret)]),
    "unpickled": lambda secret: pickle.loads(pickle.dumps(AttrsHolder(secret))),
    "state": lambda secret: [secret.__reduce_ex__(4), object.__getstate__(secret)],
    "copy": lambda secret: [copy.copy(secret), copy.deepcopy(secret), copy.deepcopy(PlainHolder(secret)).key],
    "exception": lambda secret: repr(ValueError("no such key", secret)),
    "wrong use": misused,
}


# Letters that no text around a secret repeats five times.
@pytest.mark.parametrize("render", RENDERINGS.values(), ids=RENDERINGS.keys())
@given(text=st.text(alphabet="QXZJKVWqxzjkvw", min_size=5, max_size=80))
def test_no_rendering_shows_five_characters_in_a_row(render: Callable[[Secret], object], text: str) -> None:
    rendered = str(render(Secret(text)))
    assert [text[i : i + 5] for i in range(len(text) - 4) if text[i : i + 5] in rendered] == []


@given(text=st.text(min_size=1))
def test_the_mask_ends_in_at_most_an_eighth_of_the_text_and_four_characters(text: str) -> None:
    mask = str(Secret(text))
    tail = mask.removeprefix("****")
    assert mask.startswith("****")
    assert text.endswith(tail)
    assert len(tail) <= min(4, len(text) // 8)
    assert tail.isascii()
    assert tail.isprintable()


def test_the_mask_distinguishes_long_keys() -> None:
    assert str(Secret("pck_" + "0" * 41 + "abcd")) == "****abcd"
    assert repr(Secret("x" * 16 + "yz")) == "Secret('****yz')"
    assert str(Secret("hunter2")) == "****"


@given(text=st.text(min_size=1))
def test_reveal_gives_the_text_back(text: str) -> None:
    assert Secret(text).reveal() == text
    assert copy.deepcopy(Secret(text)).reveal() == text


def test_the_hash_is_not_that_of_the_text() -> None:
    assert hash(Secret("fake-key")) != hash("fake-key")


@given(one=st.text(min_size=1, max_size=3), other=st.text(min_size=1, max_size=3))
def test_secrets_are_equal_when_their_texts_are(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) == (one == other)
    assert len({Secret(one), Secret(other)}) == len({one, other})


def test_a_lone_surrogate_is_a_text_like_any_other() -> None:
    assert Secret("\ud800") == Secret("\ud800")
    assert Secret("\ud800") != Secret("\ud801")


def test_a_secret_never_equals_a_string() -> None:
    assert Secret("fake-key") != "fake-key"


def test_an_unpickled_secret_shows_the_mask_and_cannot_be_revealed() -> None:
    secret = Secret("fake-key-" * 5 + "1234")
    loaded = pickle.loads(pickle.dumps(secret))
    assert repr(loaded) == "Secret('****1234')"
    with pytest.raises(ValueError, match="pickled"):
        loaded.reveal()
    assert loaded != secret
    assert secret != loaded
    assert loaded == loaded
    assert {loaded: 1}[loaded] == 1
    assert repr(pickle.loads(pickle.dumps(loaded))) == "Secret('****1234')"


@pytest.mark.parametrize("value", [b"fake-key-bytes", None, 5, Secret("fake-key")])
def test_anything_but_a_string_is_refused_by_type(value: object) -> None:
    with pytest.raises(TypeError, match=f"not {type(value).__name__}"):
        Secret(value)  # type: ignore[arg-type]


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Secret("")


def test_rich_shows_the_mask_in_tracebacks_with_locals_and_when_inspecting() -> None:
    console_module = pytest.importorskip("rich.console")
    rich = pytest.importorskip("rich")
    rich_traceback = pytest.importorskip("rich.traceback")
    console = console_module.Console(file=io.StringIO(), width=200)
    secret = Secret("-".join(["fake", "key"] * 9))
    with pytest.raises(ZeroDivisionError) as caught:
        raise_with_local(secret)
    console.print(rich_traceback.Traceback.from_exception(*caught._excinfo, show_locals=True))
    rich.inspect(secret, console=console, all=True)
    shown = console.file.getvalue()
    assert shown.count("****-key") >= 3
    assert "fake-key" not in shown


def raise_with_local(secret: Secret) -> float:
    held = AttrsHolder(secret)
    return 1 / (held is None)


def test_pytest_shows_the_mask_with_showlocals(tmp_path: Path) -> None:
    test = textwrap.dedent("""
        from hexclave_api.secret import Secret
        SECRET = Secret("-".join(["fake", "key"] * 9))
        def test_fails():
            held = [SECRET]
            assert held == [Secret("-".join(["other", "key"] * 9))]
    """)
    path = tmp_path / "test_shown.py"
    path.write_text(test)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--showlocals", "-vv", "-p", "no:cacheprovider", "-c", "/dev/null", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "held       = [Secret('****-key')]" in run.stdout
    assert "fake-key" not in run.stdout

"""Hashes of other systems: published vectors, hashes of their own libraries, and rows that attack the checker."""

import base64
import contextlib
import hashlib
import sys
import time
import traceback

import argon2
import bcrypt
import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, PBKDF2SHA1PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from hexclave import Secret, UnsafeUseError
from hexclave.integrations.password_bridge import FirebaseScrypt, OldHash, UnsupportedHashError, read_hash

PASSWORD = "correct horse battery"
SIGNER_KEY = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
FIREBASE_HASH = "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
FIREBASE_SALT = "42xEC+ixf3L2lw=="


def ab64(data):
    return base64.b64encode(data).decode().rstrip("=").replace("+", ".")


def passlib(digest, rounds=10):
    name = "" if digest == "sha1" else f"-{digest}"
    checksum = hashlib.pbkdf2_hmac(digest, PASSWORD.encode(), b"salt of passlib", rounds)
    return f"$pbkdf2{name}${rounds}${ab64(b'salt of passlib')}${ab64(checksum)}"


def of_django(hasher, **parameters):
    if not settings.configured:
        settings.configure()
    return hasher().encode(PASSWORD, "salt0fDjango", **parameters)


def written():
    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=2)
    yield "argon2id", hasher.hash(PASSWORD)
    yield "argon2i", argon2.PasswordHasher(time_cost=1, memory_cost=64, type=argon2.Type.I).hash(PASSWORD)
    yield "argon2id", f"argon2{hasher.hash(PASSWORD)}"
    yield "bcrypt", bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    yield "bcrypt", "bcrypt$" + bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    yield "pbkdf2-sha256", of_django(PBKDF2PasswordHasher, iterations=10)
    yield "pbkdf2-sha1", of_django(PBKDF2SHA1PasswordHasher, iterations=10)
    for digest in ("sha1", "sha256", "sha512"):
        yield f"pbkdf2-{digest}", passlib(digest)


WRITTEN = list(written())


@pytest.mark.parametrize(("kind", "text"), WRITTEN, ids=range(len(WRITTEN)))
def test_a_hash_matches_its_password_alone(kind, text):
    old = read_hash(text)
    assert old.kind == kind
    assert old.matches(PASSWORD)
    assert old.matches(Secret(PASSWORD))
    for wrong in ("", PASSWORD[:-1], PASSWORD + " ", "\udcff", "\0", PASSWORD + "\0", "x" * 5000):
        assert not old.matches(wrong)
    assert text not in repr(old)


def test_the_vectors_of_the_standards():
    # RFC 6070 for SHA-1 with 4096 iterations, and the first test of Argon2's reference implementation.
    digest = base64.b64encode(bytes.fromhex("4b007901b765489abead49d926f721d065a429c1")).decode()
    assert read_hash(f"pbkdf2_sha1$4096$salt${digest}").matches("password")
    reference = "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"
    assert read_hash(reference).matches("password")
    assert not read_hash(reference).matches("passwore")


@pytest.mark.parametrize(
    "change", [lambda text: text, lambda text: text.replace("+", "-").replace("/", "_").rstrip("=")]
)
def test_the_sample_that_firebase_publishes(change):
    firebase = FirebaseScrypt(signer_key=change(SIGNER_KEY), salt_separator="Bw==", rounds=8, mem_cost=14)
    old = firebase.hash(password_hash=change(FIREBASE_HASH), salt=change(FIREBASE_SALT))
    assert old.kind == "firebase-scrypt"
    assert old.matches("user1password")
    assert not old.matches("user2password")
    assert SIGNER_KEY not in f"{firebase!r} {old!r}"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"mem_cost": 15}, "mem_cost must be an integer from 1 to 14"),
        ({"mem_cost": 14.0}, "mem_cost must be an integer"),
        ({"rounds": 9}, "rounds must be an integer from 1 to 8"),
        ({"rounds": True}, "rounds must be an integer"),
        ({"salt_separator": "ä"}, "salt_separator is not base64"),
        ({"signer_key": ""}, "signer_key must not be empty"),
        ({"signer_key": b"jxspr8Ki"}, "signer_key must be a str, not bytes"),
    ],
)
def test_invalid_parameters_of_firebase_are_refused(parameters, message):
    with pytest.raises(UnsafeUseError, match=message):
        FirebaseScrypt(**{"signer_key": SIGNER_KEY} | parameters)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"password_hash": "lSrfV15c"}, "does not have the length of signer_key"),
        ({"password_hash": "!"}, "password_hash is not base64"),
        ({"salt": "a"}, "salt is not base64"),
        ({"salt": None}, "salt must be a str, not NoneType"),
    ],
)
def test_a_damaged_row_of_firebase_is_refused(fields, message):
    with pytest.raises(UnsupportedHashError, match=message):
        FirebaseScrypt(signer_key=SIGNER_KEY).hash(**{"password_hash": FIREBASE_HASH, "salt": FIREBASE_SALT} | fields)


SHA256 = base64.b64encode(bytes(32)).decode()
HOSTILE = [
    f"$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ${SHA256[:-1]}",
    f"$argon2id$v=19$m=262144,t=5,p=1$c29tZXNhbHQ${SHA256[:-1]}",
    f"$argon2id$v=19$m=64,t=9999999999,p=1$c29tZXNhbHQ${SHA256[:-1]}",
    f"$argon2id$v=19$m=65536,t=1,p=17$c29tZXNhbHQ${SHA256[:-1]}",
    f"$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ${SHA256[:-1]}",
    f"$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ${SHA256[:-1]}",
    f"$argon2id$v=19$m=٦٤,t=1,p=1$c29tZXNhbHQ${SHA256[:-1]}",
    f"$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHQ${SHA256[:-1]}",
    "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + "A" * 4000,
    "$2b$19$" + "a" * 53,
    "$2b$03$" + "a" * 53,
    "$2b$10$" + "a" * 52,
    f"pbkdf2_sha256$5000001$salt${SHA256}",
    f"pbkdf2_sha256$0$salt${SHA256}",
    f"pbkdf2_sha256$-1$salt${SHA256}",
    f"pbkdf2_sha256$10$salt${SHA256[:24]}",
    f"pbkdf2_md5$10$salt${SHA256}",
    f"pbkdf2_sha256$10$salt${SHA256}\n",
    "$pbkdf2-sha512$10$c2FsdA$" + "A" * 43,
    "$pbkdf2-sha256$10$a$" + "A" * 43,
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "",
    PASSWORD,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_row_is_refused_at_once_and_not_shown(text):
    before = time.perf_counter()
    with pytest.raises(UnsupportedHashError) as caught:
        read_hash(text)
    assert time.perf_counter() - before < 0.5
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
    shown = "".join(str(frame.locals) for frame in frames if "/tests/" not in frame.filename) + str(caught.value)
    assert len(text) < 20 or text[-20:].strip() not in shown


@given(st.text(max_size=200) | st.from_regex(r"\$(argon2id|2b|pbkdf2)\$.{0,100}") | st.binary(max_size=20))
def test_any_value_is_read_or_refused(value):
    with contextlib.suppress(UnsupportedHashError, UnsafeUseError):
        assert isinstance(read_hash(value), OldHash)


def test_bytes_are_refused():
    with pytest.raises(UnsafeUseError, match="must be a str, not bytes"):
        read_hash(b"$2b$10$")


def test_bcrypt_reads_72_bytes_as_the_old_systems_did():
    long = "p" * 72
    text = bcrypt.hashpw(long.encode(), bcrypt.gensalt(4)).decode()
    assert read_hash(text).matches(long + " and more")
    assert not read_hash(text).matches("p" * 71)


@pytest.mark.parametrize(
    ("module", "text"),
    [("argon2", f"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ${SHA256[:-1]}"), ("bcrypt", "$2b$10$" + "a" * 53)],
)
def test_a_missing_package_is_named(monkeypatch, module, text):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"pip install 'hexclave\[old-passwords\]'"):
        read_hash(text)

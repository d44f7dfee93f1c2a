"""Values are encrypted as by the official SDK, and nothing else leaves the process."""

import asyncio
import base64
import json
import logging
import threading
import traceback

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hexclave
from hexclave import errors, vault
from hexclave.vault import VaultError, VaultKey
from hexclave_api.secret import hidden
from tests.playing import known_error, reply
from tests.surface.recording import recorded

HASHED_KEY = "NQr2NYfhoRziqAuUwaMURe4WwmNCkvg67YMXqCsZGOg="
STORED = "AQBS4YGYKJ3Xh5vMsBPi7Lup89CadwoCch/GNfzPKDCr+dYsFnfgt5SrRgFCEqsmxIVlcWst1SSd"
KEY = VaultKey.derive("my-key", hexclave.Secret("my-secret"))


def test_the_key_is_hashed_as_the_official_sdk_does_it():
    assert KEY.hashed == HASHED_KEY


def test_values_stored_by_the_official_sdk_are_read():
    recording = recorded("server", lambda *_: reply(200, {"encrypted_value": STORED}))
    assert recording.app.data_vault.get("v", "my-key", secret=hexclave.Secret("my-secret")) == hexclave.Secret(
        "hello world"
    )
    assert recording.sent == [("POST /data-vault/stores/v/get", {"hashed_key": HASHED_KEY})]


def test_a_sent_value_can_be_read_again_and_shows_nothing():
    recording = recorded("server", lambda *_: reply(200, {"success": True}))
    recording.app.data_vault.set("v", "my-key", "precious", secret="my-secret")
    [(_, body)] = recording.sent
    assert body.keys() == {"hashed_key", "encrypted_value"}
    assert body["hashed_key"] == HASHED_KEY
    assert KEY.decrypt(body["encrypted_value"]) == hexclave.Secret("precious")
    assert not any(text in json.dumps(body) for text in ("precious", "my-key", "my-secret"))


@given(st.text())
@settings(deadline=None, max_examples=50)
def test_every_text_comes_back(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        with pytest.raises(hexclave.UnsafeUseError, match="value must be a str"):
            KEY.encrypt(hidden(text))
    else:
        assert KEY.decrypt(KEY.encrypt(hidden(text))).reveal() == text


def test_the_same_value_looks_different_each_time():
    assert KEY.encrypt(hexclave.Secret("x")) != KEY.encrypt(hexclave.Secret("x"))


@given(st.integers(0, 58), st.integers(1, 255))
@settings(deadline=None, max_examples=50)
def test_changed_data_is_refused(place, change):
    data = bytearray(base64.b64decode(STORED))
    data[place % len(data)] ^= change
    with pytest.raises(VaultError):
        KEY.decrypt(base64.b64encode(data).decode())


@pytest.mark.parametrize("stored", ["", "AQA=", "not base64!", "é", STORED[:40], STORED[:-4]])
def test_data_of_another_form_is_refused(stored):
    with pytest.raises(VaultError, match="cannot be decrypted"):
        KEY.decrypt(stored)


def test_another_secret_leads_elsewhere():
    other = VaultKey.derive("my-key", hexclave.Secret("other"))
    assert other.hashed != KEY.hashed
    with pytest.raises(VaultError):
        other.decrypt(STORED)


def test_nothing_is_found_under_an_unknown_key():
    answer = known_error(400, "DATA_VAULT_STORE_HASHED_KEY_DOES_NOT_EXIST")
    recording = recorded("server", lambda *_: answer)
    assert recording.app.data_vault.find("v", "my-key", secret="my-secret") is None
    with pytest.raises(errors.DataVaultStoreHashedKeyDoesNotExist):
        recording.app.data_vault.get("v", "my-key", secret="my-secret")


def test_an_unknown_store_is_not_taken_for_a_missing_value():
    recording = recorded("server", lambda *_: known_error(400, "DATA_VAULT_STORE_DOES_NOT_EXIST"))
    with pytest.raises(errors.DataVaultStoreDoesNotExist):
        recording.app.data_vault.find("v", "my-key", secret="my-secret")


@pytest.mark.parametrize("secret", ["", None, 5, b"bytes"])
def test_a_secret_that_is_none_is_refused_before_anything_is_sent(secret):
    recording = recorded("server")
    with pytest.raises(hexclave.UnsafeUseError, match="secret must be"):
        recording.app.data_vault.get("v", "my-key", secret=secret)
    assert recording.sent == []


def test_repeated_reads_derive_the_key_once():
    recording = recorded("server", lambda *_: reply(200, {"encrypted_value": STORED}))
    before = vault._derived.cache_info().misses
    for _ in range(3):
        recording.app.data_vault.get("v", "my-key", secret="my-secret")
    assert vault._derived.cache_info().misses == before
    assert vault._derived.cache_info().maxsize == 256


def test_secrets_are_neither_logged_nor_shown_by_tracebacks(caplog):
    caplog.set_level(logging.DEBUG)
    recording = recorded("server", lambda *_: known_error(400, "DATA_VAULT_STORE_DOES_NOT_EXIST"))
    with pytest.raises(errors.HexclaveError) as caught:
        recording.app.data_vault.set("v", "my-key", "precious-value", secret="my-own-secret")
    beyond_this_test = caught.value.__traceback__.tb_next
    shown = traceback.TracebackException(caught.type, caught.value, beyond_this_test, capture_locals=True).format()
    ours = "".join(shown)
    assert "exchange.py" in ours
    assert "my-own-secret" not in ours + caplog.text + repr(KEY)
    assert "precious-value" not in ours + caplog.text


@pytest.mark.parametrize(
    "given",
    [
        {"secret": b"my-own-secret", "value": "precious-value"},
        {"secret": "my-own-secret\ud800", "value": "precious-value"},
        {"secret": "my-own-secret", "value": b"precious-value"},
        {"secret": "my-own-secret", "value": "precious-value\ud800"},
        {"secret": "my-own-secret", "value": "precious-value", "key": 5},
        {"secret": "my-own-secret", "value": "precious-value", "key": "private-key\ud800"},
        {"secret": "my-own-secret", "value": "precious-value", "key": ["private-key"]},
    ],
)
def test_misuse_is_refused_and_shows_nothing(given):
    recording = recorded("server")
    with pytest.raises(hexclave.UnsafeUseError, match=r"must be a (str|text)") as caught:
        recording.app.data_vault.set("v", **{"key": "private-key", **given})
    beyond_this_test = caught.value.__traceback__.tb_next
    trace = traceback.TracebackException(caught.type, caught.value, beyond_this_test, capture_locals=True)
    shown = "".join(trace.format())
    assert not [text for text in ("my-own-secret", "precious-value") if text in shown]
    assert recording.sent == []


def test_async_apps_derive_keys_beside_their_loop(monkeypatch):
    threads = []
    derive = VaultKey.derive.__func__

    def noted(kind, key, secret):
        threads.append(threading.current_thread())
        return derive(kind, key, secret)

    monkeypatch.setattr(VaultKey, "derive", classmethod(noted))

    async def main():
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"encrypted_value": STORED}))
        async with (
            httpx.AsyncClient(transport=transport) as client,
            hexclave.AsyncHexclaveServerApp("p", "ssk_not_a_real_key", http_client=client) as app,
        ):
            return await app.data_vault.get("v", "my-key", secret="my-secret")

    assert asyncio.run(main()) == hexclave.Secret("hello world")
    assert threads
    assert threading.main_thread() not in threads

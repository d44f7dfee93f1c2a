"""Credentials that an app stores and sends, and calls that it refuses before any I/O."""

import copy
import pickle
import traceback

import pytest

import hexclave
from hexclave import UnsafeUseError
from hexclave.credentials import CLIENT_VERSION, HEADERS, MATRIX
from hexclave_api.operation import Operation
from tests.playing import play, reply

PCK = "pck_not_a_real_key_1111111111111111111111111111"
SSK = "ssk_not_a_real_key_2222222222222222222222222222"
SAK = "sak_not_a_real_key_3333333333333333333333333333"
KEY_OF = {
    "client": ("publishable_client_key", PCK),
    "server": ("secret_server_key", SSK),
    "admin": ("super_secret_admin_key", SAK),
}
HEADER_OF_KEY = {  # Written out: a comparison with the SDK's own table would not detect swapped entries.
    "client": "x-stack-publishable-client-key",
    "server": "x-stack-secret-server-key",
    "admin": "x-stack-super-secret-admin-key",
}
APPS = {
    "client": (hexclave.HexclaveClientApp, hexclave.AsyncHexclaveClientApp),
    "server": (hexclave.HexclaveServerApp, hexclave.AsyncHexclaveServerApp),
    "admin": (hexclave.HexclaveAdminApp, hexclave.AsyncHexclaveAdminApp),
}
EVERY_APP = [(access, cls) for access, classes in APPS.items() for cls in classes]


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for prefix in ("HEXCLAVE", "STACK"):
        for name in ("PROJECT_ID", "PUBLISHABLE_CLIENT_KEY", "SECRET_SERVER_KEY", "SUPER_SECRET_ADMIN_KEY", "API_URL"):
            monkeypatch.delenv(f"{prefix}_{name}", raising=False)


def make(access, cls, **options):
    argument, key = KEY_OF[access]
    return cls(**({"project_id": "p1", argument: key} | options))


def sent_headers(app):
    what = Operation("x", "GET", "/x", ("x",), ("client", "server", "admin"), parse=lambda data: data)
    return play(app._context, what, reply()).sent[0].headers


@pytest.mark.parametrize(("access", "cls"), EVERY_APP)
def test_each_access_type_sends_its_own_key_and_no_other(access, cls):
    headers = sent_headers(make(access, cls))
    key = KEY_OF[access][1]
    assert headers["x-stack-project-id"] == "p1"
    assert headers["x-stack-access-type"] == access
    assert headers["x-stack-client-version"] == CLIENT_VERSION
    assert headers[HEADER_OF_KEY[access]] == key
    assert [name for name, value in headers.items() if value == key] == [HEADER_OF_KEY[access]]
    keys = {HEADERS[name] for row in MATRIX.values() for name in (*row.must_hold, *row.may_hold)}
    assert keys & headers.keys() == {HEADER_OF_KEY[access]}


def test_the_client_version_has_the_form_that_the_backend_parses():
    import re

    assert re.fullmatch(r"python @hexclave/python@[0-9.]+", CLIENT_VERSION)


@pytest.mark.parametrize(("access", "cls"), EVERY_APP)
def test_an_app_takes_no_key_of_another_access_type(access, cls):
    for other, (argument, key) in KEY_OF.items():
        if other != access:
            with pytest.raises(TypeError, match=argument):
                make(access, cls, **{argument: key})


@pytest.mark.parametrize(("access", "cls"), EVERY_APP)
@pytest.mark.parametrize("key", [PCK, SSK, SAK])
def test_a_key_in_the_wrong_slot_is_refused_with_the_right_one_named(access, cls, key):
    argument, right = KEY_OF[access]
    if key == right:
        return
    with pytest.raises(UnsafeUseError) as caught:
        make(access, cls, **{argument: key})
    slot = next(name for name, value in KEY_OF.values() if value == key)
    assert slot in str(caught.value)
    assert key not in f"{caught.value}{caught.value!r}{caught.value.explain()}"


def test_a_missing_key_names_argument_and_environment_variable():
    with pytest.raises(UnsafeUseError, match=r"secret_server_key=.*HEXCLAVE_SECRET_SERVER_KEY"):
        hexclave.HexclaveServerApp("p1")
    with pytest.raises(UnsafeUseError, match=r"super_secret_admin_key=.*HEXCLAVE_SUPER_SECRET_ADMIN_KEY"):
        hexclave.HexclaveAdminApp("p1")
    with pytest.raises(UnsafeUseError, match=r"project_id=.*HEXCLAVE_PROJECT_ID"):
        hexclave.HexclaveClientApp()


def test_the_publishable_key_is_optional():
    assert HEADERS["publishable_client_key"] not in sent_headers(hexclave.HexclaveClientApp("p1"))


@pytest.mark.parametrize("prefix", ["HEXCLAVE", "STACK"])
def test_ids_and_keys_come_from_the_environment(monkeypatch, prefix):
    monkeypatch.setenv(f"{prefix}_PROJECT_ID", "from-env")
    monkeypatch.setenv(f"{prefix}_SECRET_SERVER_KEY", SSK)
    monkeypatch.setenv(f"{prefix}_API_URL", "https://self-hosted.example.com/")
    app = hexclave.HexclaveServerApp()
    headers = sent_headers(app)
    assert (headers["x-stack-project-id"], headers["x-stack-secret-server-key"]) == ("from-env", SSK)
    assert app._context.base_url == "https://self-hosted.example.com/api/v1"


def test_an_empty_variable_counts_as_unset_and_hexclave_comes_first(monkeypatch):
    monkeypatch.setenv("HEXCLAVE_PROJECT_ID", "")
    monkeypatch.setenv("STACK_PROJECT_ID", "old")
    assert hexclave.HexclaveClientApp().project_id == "old"
    monkeypatch.setenv("HEXCLAVE_PROJECT_ID", "new")
    assert hexclave.HexclaveClientApp().project_id == "new"


def test_a_client_app_ignores_secret_keys_of_the_environment(monkeypatch):
    monkeypatch.setenv("HEXCLAVE_SECRET_SERVER_KEY", SSK)
    assert SSK not in sent_headers(hexclave.HexclaveClientApp("p1")).values()


def test_an_owners_access_token_takes_the_place_of_the_admin_key(monkeypatch):
    monkeypatch.setenv("HEXCLAVE_SUPER_SECRET_ADMIN_KEY", SAK)
    tokens = iter(["owner-token-1", "owner-token-2"])
    app = hexclave.HexclaveAdminApp("p1", admin_access_token=lambda: next(tokens))
    first, second = sent_headers(app), sent_headers(app)
    assert [headers["x-stack-admin-access-token"] for headers in (first, second)] == ["owner-token-1", "owner-token-2"]
    assert "x-stack-super-secret-admin-key" not in first


def test_switches_and_branch_become_headers():
    app = make("client", hexclave.HexclaveClientApp, branch_id="b1", allow_anonymous=True, allow_restricted=True)
    headers = sent_headers(app)
    assert headers["x-stack-branch-id"] == "b1"
    assert headers["x-stack-allow-anonymous-user"] == "true"
    assert headers["x-stack-allow-restricted-user"] == "true"
    assert "x-stack-allow-anonymous-user" not in sent_headers(make("client", hexclave.HexclaveClientApp))


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "ä", "a\0b", " a", "a ", "", "a\x7f"])
def test_values_that_are_invalid_in_a_header_are_refused(value):
    for argument in ("project_id", "secret_server_key", "branch_id"):
        with pytest.raises(UnsafeUseError, match=argument):
            make("server", hexclave.HexclaveServerApp, **{argument: value})
    with pytest.raises(UnsafeUseError, match="extra_headers"):
        make("server", hexclave.HexclaveServerApp, extra_headers={"x-mine": value})


@pytest.mark.parametrize(
    "name",
    [
        "X-Stack-Secret-Server-Key",
        "x-hexclave-access-type",
        "host",
        "Content-Length",
        "Content-Type",
        "Transfer-Encoding",
        "Connection",
        "Upgrade",
        "TE",
        "Trailer",
        "Cookie",
        "cookie",
        "a b",
        "",
        "x:y",
        "a\r\nb",
    ],
)
def test_extra_headers_cannot_replace_what_the_app_sends(name):
    with pytest.raises(UnsafeUseError, match="extra_headers"):
        make("server", hexclave.HexclaveServerApp, extra_headers={name: "1"})


def test_extra_headers_are_sent():
    app = make("server", hexclave.HexclaveServerApp, extra_headers={"X-Proxy-Token": "abc"})
    assert sent_headers(app)["x-proxy-token"] == "abc"


@pytest.mark.parametrize(
    "url",
    [
        "api.example.com",
        "https://",
        "ftp://api.example.com",
        "https:///path",
        "https://user:password@api.example.com",
        "https://api.example.com?x=1",
        "https://api.example.com#x",
        "https://api.example.com#",
        "https://api.example.com?",
        "https://api.example.com/?",
        "https://api.example.com/x#",
        "https://api.example.com\\.evil.example.com",
        "https://api.example.com/api/v1",
        "https://api.example.com:notaport",
        "https://api.example.com/ä",
        "http://api.example.com",
        "http://10.0.0.1",
        "http://localhost.evil.example.com",
        "http://evil-localhost",
        "http://evillocalhost:8102",
        "http://127.0.0.1.evil.example.com",
        "https://api..example.com",
        "https://.example.com",
        f"https://{'a' * 64}.example.com",
        "",
    ],
)
def test_base_urls_that_would_misplace_keys_are_refused(url):
    with pytest.raises(UnsafeUseError, match="base_url"):
        make("server", hexclave.HexclaveServerApp, base_url=url)


@pytest.mark.parametrize("url", [1, ["https://api.example.com"], b"https://api.example.com", object()])
def test_base_urls_that_are_no_text_are_refused(url):
    with pytest.raises(UnsafeUseError, match=r"^base_url"):
        make("server", hexclave.HexclaveServerApp, base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8102",
        "http://127.0.0.1",
        "http://[::1]:8102/",
        "http://app.localhost",
        "https://a.example.com/x/",
        f"https://{'a' * 63}.example.com.",
    ],
)
def test_good_base_urls_are_taken(url):
    app = make("server", hexclave.HexclaveServerApp, base_url=url)
    assert app._context.base_url == url.rstrip("/") + "/api/v1"


def test_plain_http_elsewhere_needs_a_word_of_the_user():
    assert make("server", hexclave.HexclaveServerApp, base_url="http://10.0.0.1", allow_insecure_http=True)


def test_an_unknown_argument_is_a_type_error():
    with pytest.raises(TypeError, match="bogus"):
        make("server", hexclave.HexclaveServerApp, bogus=1)


@pytest.mark.parametrize(("access", "cls"), EVERY_APP)
def test_no_rendering_of_an_app_shows_its_key(access, cls):
    app = make(access, cls)
    key = KEY_OF[access][1]
    renderings = [repr(app), str(app), f"{app}", repr(vars(app)), repr(app._context), repr(copy.copy(app))]
    assert not [text for text in renderings if key[8:] in text]


HIDDEN = "fake_hidden_4444444444444444444444444444"
MISUSES = {
    "plain http": {"base_url": "http://10.0.0.1"},
    "bytes as key": {"key": f"ssk_{HIDDEN}".encode()},
    "a line break in the key": {"key": f"ssk_{HIDDEN}\n"},
    "server key as project id": {"project_id": f"ssk_{HIDDEN}"},
    "bytes as project id": {"project_id": f"ssk_{HIDDEN}".encode()},
    "a password in the URL": {"base_url": f"https://user:{HIDDEN}@api.example.com"},
    "a token in the URL's query": {"base_url": f"https://api.example.com?token={HIDDEN}"},
    "a URL that is none": {"base_url": f"https://[{HIDDEN}"},
    "bytes as URL": {"base_url": f"https://user:{HIDDEN}@api.example.com".encode()},
    "a header beside a wrong URL": {"extra_headers": {"Authorization": HIDDEN}, "base_url": "http://10.0.0.1"},
    "a header beside a wrong branch": {"extra_headers": {"Authorization": HIDDEN}, "branch_id": "a b "},
    "a header with a line break": {"extra_headers": {"Authorization": f"{HIDDEN}\n"}},
    "a header as bytes": {"extra_headers": {"Authorization": HIDDEN.encode()}},
    "headers that are no mapping": {"extra_headers": [("Authorization", HIDDEN)]},
    "a key as branch": {"branch_id": f"ssk_{HIDDEN}\n"},
    "a key of another app": {"super_secret_admin_key": f"sak_{HIDDEN}"},
    "a token as session": {"session": HIDDEN},
    "a wrong option": {"timeout": "5"},
}


@pytest.mark.parametrize("cls", APPS["server"])
@pytest.mark.parametrize("misuse", MISUSES)
def test_a_traceback_with_locals_shows_no_secret_after_wrong_use(cls, misuse):
    """The SDK's frames contain secrets only wrapped; the caller's own frame is not its concern."""
    given = {"project_id": "p1", "key": f"ssk_{HIDDEN}"} | MISUSES[misuse]
    with pytest.raises((UnsafeUseError, TypeError)) as caught:
        cls(secret_server_key=given.pop("key"), **given)
    assert HIDDEN not in shown(caught.value)


@pytest.mark.parametrize("cls", APPS["admin"])
@pytest.mark.parametrize("token", [HIDDEN, f"{HIDDEN}\n", HIDDEN.encode()])
def test_a_traceback_with_locals_shows_no_owners_token(cls, token):
    with pytest.raises(UnsafeUseError) as caught:
        cls("p1", admin_access_token=token, base_url=None if token != HIDDEN else "http://10.0.0.1")
    assert HIDDEN not in shown(caught.value)


@pytest.mark.parametrize("cls", APPS["client"])
def test_a_traceback_with_locals_shows_no_token_given_as_session(cls):
    app = cls("p1")
    with pytest.raises(UnsafeUseError, match="not str") as caught:
        app.with_session(HIDDEN)
    assert HIDDEN not in shown(caught.value)


def test_a_key_of_the_environment_that_stands_in_for_the_project_id_is_hidden_too(monkeypatch):
    monkeypatch.setenv("HEXCLAVE_PROJECT_ID", f"ssk_{HIDDEN}")
    with pytest.raises(UnsafeUseError, match="project_id is a key") as caught:
        hexclave.HexclaveClientApp()
    assert HIDDEN not in shown(caught.value)


def shown(error):
    """Return text, causes, contexts and the locals of all frames but the test's own."""
    assert error.__traceback__.tb_next, "the SDK has frames"
    error.__traceback__ = error.__traceback__.tb_next
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def test_an_app_cannot_be_pickled():
    with pytest.raises(Exception):  # noqa: B017, PT011 - pickle chooses the class
        pickle.dumps(make("server", hexclave.HexclaveServerApp))


def test_a_store_for_the_other_mode_is_refused():
    """Otherwise it would fail later, at the first call."""

    async def load():
        return None

    async def save(_tokens):
        return None

    store = hexclave.AsyncCallbackTokenStore(load, save)
    with pytest.raises(UnsafeUseError, match=r"load\(\)"):
        hexclave.HexclaveClientApp("p1", session=store)
    with pytest.raises(UnsafeUseError, match="session must be"):
        hexclave.HexclaveClientApp("p1").with_session("eyJ")
    assert hexclave.AsyncHexclaveClientApp("p1").with_session(store)


def test_an_http_client_for_the_other_mode_is_refused():
    import httpx

    with pytest.raises(UnsafeUseError, match="async client"):
        make("server", hexclave.HexclaveServerApp, http_client=httpx.AsyncClient())
    with httpx.Client() as client, pytest.raises(UnsafeUseError, match="blocking client"):
        make("server", hexclave.AsyncHexclaveServerApp, http_client=client)

"""Options are validated when they are passed, by apps and by everything that accepts some."""

import ssl
import traceback
from datetime import timedelta

import httpx
import pytest

import hexclave
from hexclave import HexclaveServerApp, Hooks, Retries, Timeout, UnsafeUseError, webhooks
from hexclave.ratelimit import RateLimit
from hexclave.redis import RedisGates
from hexclave.tokens import (
    AsyncCallbackTokenStore,
    AsyncRedisTokenStore,
    CallbackTokenStore,
    FileTokenStore,
    MemoryTokenStore,
    RedisTokenStore,
    Tokens,
)
from hexclave.transport import SocketTransport
from hexclave.verify import Verifier
from hexclave.webhooks import AsyncRedisDeliveryStore, MemoryDeliveryStore, RedisDeliveryStore, Router

APPS = [hexclave.HexclaveServerApp, hexclave.AsyncHexclaveServerApp]
KEY = "ssk_not_a_real_key_2222222222222222222222222222"


async def later(_event):
    return None


class Later:
    async def __call__(self, _event):
        return None


WRONG = [
    ({"timeout": "5"}, "timeout.*seconds.*'5'"),
    ({"timeout": 0}, "timeout.*positive"),
    ({"timeout": True}, "timeout.*True"),
    ({"retries": "3"}, "retries.*number of attempts.*'3'"),
    ({"retries": True}, "retries.*True"),
    ({"retries": None}, "retries.*None"),
    ({"retries": 2.0}, r"retries.*2\.0"),
    ({"retries": 0}, "attempts must be a positive integer"),
    ({"rate_limit": "50"}, "rate_limit.*calls per second.*'50'"),
    ({"rate_limit": True}, "rate_limit.*True"),
    ({"rate_limit": 0}, "per_second.*positive"),
    ({"gates": "redis://localhost"}, "gates.*RedisGates.*redis://"),
    ({"gates": 5}, "gates.*5"),
    ({"http_client": 5}, "http_client.*5"),
    ({"http_client": "slow"}, "http_client.*slow"),
    ({"transport": 5}, "transport.*5"),
    ({"http2": 1}, "http2.*True or False.*1"),
    ({"ssl_context": "certificates.pem"}, "ssl_context.*SSLContext.*certificates"),
    ({"max_reply_size": 0}, "max_reply_size.*positive.*0"),
    ({"max_reply_size": True}, "max_reply_size.*True"),
    ({"max_reply_size": "1 MB"}, "max_reply_size.*1 MB"),
    ({"hooks": print}, r"hooks.*Hooks\(on_retry=…\)"),
    ({"hooks": None}, "hooks.*None"),
    ({"branch_id": 5}, "branch_id.*str.*int"),
    ({"base_url": 1}, "base_url.*str.*int"),
    ({"extra_headers": 1}, "extra_headers.*mapping.*int"),
    ({"extra_headers": {"x-mine": 1}}, "extra_headers.*x-mine.*str.*int"),
    ({"extra_headers": {1: "a"}}, "extra_headers.*1"),
    ({"allow_anonymous": "false"}, "allow_anonymous.*True or False.*'false'"),
    ({"allow_restricted": 1}, "allow_restricted.*True or False.*1"),
    ({"allow_insecure_http": "no"}, "allow_insecure_http.*True or False.*'no'"),
    ({"project_id": 5}, "project_id.*str.*int"),
    ({"secret_server_key": 5}, "secret_server_key.*str.*int"),
]


@pytest.mark.parametrize("cls", APPS)
@pytest.mark.parametrize(("given", "message"), WRONG, ids=[str(given) for given, _ in WRONG])
def test_a_wrong_option_is_refused_when_it_is_given(cls, given, message):
    with pytest.raises(UnsafeUseError, match=message):
        cls(**({"project_id": "p1", "secret_server_key": KEY} | given))


@pytest.mark.parametrize("cls", APPS)
@pytest.mark.parametrize(
    ("given", "message"),
    [(given, message) for given, message in WRONG if given.keys() <= {"timeout", "retries", "hooks"}],
)
def test_the_options_of_a_derived_app_are_checked_too(cls, given, message):
    app = cls("p1", KEY)
    with pytest.raises(UnsafeUseError, match=message):
        app.options(**given)


@pytest.mark.parametrize("cls", APPS)
def test_a_number_is_taken_where_it_is_natural(cls):
    app = cls("p1", KEY, timeout=5, retries=3, rate_limit=50)
    assert app._context.timeout == Timeout(total=5)
    assert app._context.retries == Retries(attempts=3)
    assert not app._context.shared.local.gates.are_open
    assert app.options(retries=1)._context.retries == Retries.OFF
    assert RateLimit.of(50) == RateLimit(50)


def test_a_client_or_transport_brings_its_own_settings():
    with httpx.Client() as client:
        for more in ({"transport": SocketTransport()}, {"http2": True}, {"ssl_context": ssl.create_default_context()}):
            with pytest.raises(UnsafeUseError, match=f"http_client cannot be combined with {next(iter(more))}"):
                HexclaveServerApp("p1", KEY, http_client=client, **more)
    with pytest.raises(UnsafeUseError, match="transport cannot be combined with http2"):
        HexclaveServerApp("p1", KEY, transport=SocketTransport(), http2=True)
    with pytest.raises(UnsafeUseError, match=r"transport must be.*class"):
        HexclaveServerApp("p1", KEY, transport=SocketTransport)
    with pytest.raises(UnsafeUseError, match="transport is a blocking transport"):
        hexclave.AsyncHexclaveServerApp("p1", KEY, transport=SocketTransport())


@pytest.mark.parametrize("hook", ["on_request", "on_response", "on_retry"])
@pytest.mark.parametrize("function", [5, "print", later, Later()])
def test_a_hook_is_a_function_that_runs_at_once(hook, function):
    """The coroutine of an async one would never be awaited."""
    with pytest.raises(UnsafeUseError, match=f"{hook} must be a function"):
        Hooks(**{hook: function})
    assert Hooks(**{hook: print})


def test_an_unknown_option_names_the_app():
    with pytest.raises(TypeError, match=r"HexclaveServerApp\(\) got an unexpected keyword argument: time_out"):
        HexclaveServerApp("p1", KEY, time_out=5)


class Blocking:
    def execute_command(self): ...

    def register_script(self, _): ...


class Async(Blocking):
    async def execute_command(self): ...


HIDDEN = "fake_hidden_4444444444444444444444444444"
URL = f"redis://:{HIDDEN}@redis.example.com"
APP = HexclaveServerApp("p1", KEY)
NOT_RIGHT = {
    "leeway as text": (lambda: Verifier(APP, leeway="5"), "leeway.*seconds.*'5'"),
    "leeway as bool": (lambda: Verifier(APP, leeway=True), "leeway.*True"),
    "leeway as no number": (lambda: Verifier(APP, leeway=float("nan")), "leeway.*nan"),
    "remember as text": (lambda: Verifier(APP, remember="5"), "remember.*'5'"),
    "remember as fraction": (lambda: Verifier(APP, remember=1.5), r"remember.*1\.5"),
    "issuers as number": (lambda: Verifier(APP, issuers=5), "issuers.*int"),
    "issuers as text": (lambda: Verifier(APP, issuers="https://a.example.com"), "issuers.*str"),
    "verify, restricted as text": (lambda: APP.verifier.verify("x", allow_restricted="false"), "allow_restricted"),
    "verify, anonymous as number": (lambda: APP.verifier.verify("x", allow_anonymous=0), "allow_anonymous"),
    "authenticate, cookies as text": (lambda: APP.authenticate({}, cookies="no"), "cookies.*'no'"),
    "authenticate, restricted": (lambda: APP.authenticate({}, allow_restricted="no"), "allow_restricted.*'no'"),
    "authenticate, anonymous": (lambda: APP.authenticate({}, allow_anonymous="no"), "allow_.*'no'"),
    "tokens as bytes": (lambda: Tokens(HIDDEN.encode()), "access_token.*bytes"),
    "refresh token as number": (lambda: Tokens("a", 5), "refresh_token.*int"),
    "tokens of a store as text": (lambda: MemoryTokenStore(HIDDEN), "tokens.*str"),
    "load as value": (lambda: CallbackTokenStore(None, print), "load.*NoneType"),
    "save as async function": (lambda: CallbackTokenStore(print, later), "save is async"),
    "async, save as value": (lambda: AsyncCallbackTokenStore(later, 5), "save.*int"),
    "path as number": (lambda: FileTokenStore(5), "path.*5"),
    "empty path": (lambda: FileTokenStore(""), "path.*''"),
    "Redis as URL": (lambda: RedisTokenStore(URL, "k"), r"client must be a redis\.Redis, not str"),
    "async Redis": (lambda: RedisTokenStore(Async(), "k"), "not an async one"),
    "blocking Redis": (lambda: AsyncRedisTokenStore(Blocking(), "k"), r"redis\.asyncio\.Redis, not a blocking one"),
    "empty key": (lambda: RedisTokenStore(Blocking(), ""), "key must not be empty"),
    "key as bytes": (lambda: RedisTokenStore(Blocking(), b"k"), "key.*bytes"),
    "deliveries in Redis as URL": (lambda: RedisDeliveryStore(URL), "client.*str"),
    "deliveries in async Redis": (lambda: RedisDeliveryStore(Async()), "not an async one"),
    "deliveries in blocking Redis": (lambda: AsyncRedisDeliveryStore(Blocking()), "not a blocking one"),
    "empty prefix": (lambda: RedisDeliveryStore(Blocking(), ""), "prefix.*''"),
    "gates with no prefix": (lambda: RedisGates(URL, prefix=""), "prefix"),
    "gates with no URL": (lambda: RedisGates(URL.replace("redis", "ftp")), "URL"),
    "size as text": (lambda: MemoryDeliveryStore("5"), "size.*'5'"),
    "size 0": (lambda: MemoryDeliveryStore(0), "size.*0"),
    "tolerance as number": (lambda: Router(WHSEC, tolerance=300), r"tolerance.*timedelta\(minutes=5\).*300"),
    "negative tolerance": (lambda: Router(WHSEC, tolerance=timedelta(-1)), "tolerance"),
    "deliveries as URL": (lambda: Router(WHSEC, deliveries=URL), "deliveries must be a store"),
    "verify, tolerance": (lambda: webhooks.verify(b"{}", {}, WHSEC, tolerance=300), "tolerance"),
}
WHSEC = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize("wrong", NOT_RIGHT)
def test_wrong_options_of_verifiers_stores_and_routers_are_refused_when_given(wrong):
    make, message = NOT_RIGHT[wrong]
    with pytest.raises(UnsafeUseError, match=message) as caught:
        make()
    error = caught.value
    error.__traceback__ = error.__traceback__.tb_next.tb_next  # The frames of the test are not the SDK's concern.
    assert HIDDEN not in "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


@pytest.mark.parametrize("integration", ["flask", "fastapi"])
@pytest.mark.parametrize(
    "given", [{"leeway": "5"}, {"issuers": 5}, {"issuers": "https://a.example.com"}, {"make_app": 5}]
)
def test_wrong_options_of_integrations_are_refused_when_given(integration, given):
    module = pytest.importorskip(f"hexclave.integrations.{integration}")
    framework = pytest.importorskip(integration)
    api = framework.Flask("x") if integration == "flask" else framework.FastAPI()
    with pytest.raises(UnsafeUseError, match=next(iter(given))):
        module.Hexclave(api, **given)

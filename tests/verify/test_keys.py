"""Fetching of public keys: when, for how long they are cached, and failures."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from hexclave import Retries
from hexclave._messages import Reply, Request
from hexclave.credentials import HEADERS
from hexclave.errors import (
    APIConnectionError,
    CrossOriginRedirectError,
    HexclaveError,
    NotFoundError,
    ServerError,
    TotalTimeout,
    UnreadableReplyError,
)
from hexclave.timeouts import Timeout
from hexclave.tokens import Tokens
from hexclave.verify import InvalidTokenError, UnknownSigningKeyError, Verifier
from hexclave.verify._keys import LONGEST_LIFE, PAUSE, PAUSE_WITH_OLD_KEYS
from tests.playing import FakeClock, reply
from tests.signing import FOREIGN, NEXT, NORMAL, PROJECT, App, KeyServer, jwk, made_verifier, payload, signed, token

DOWN = reply(500)
OFFLINE = APIConnectionError("no route")


def by(kid: str, key: object, kind: str = "normal") -> str:
    return signed({"alg": "ES256", "kid": kid}, payload(kind), key)  # type: ignore[arg-type]


def fresh(verifier: Verifier, clock: object) -> str:
    """Return the user of a token issued now, which is new to the verifier."""
    return verifier.verify(token(at=clock.time())).user_id  # type: ignore[attr-defined]


def test_keys_are_fetched_when_the_first_token_comes_and_kept() -> None:
    verifier, server, clock = made_verifier()
    assert not server.requests
    for second in range(60):
        clock.pass_(1)
        assert fresh(verifier, clock) == "user-1", second
    assert len(server.requests) == 1


def test_keys_are_asked_for_without_any_credential() -> None:
    app = App(session=Tokens("access", "refresh"), extra={"X-Gateway": "yes", "Authorization": "Basic our-proxy"})
    app._context = app._context._replace(admin_access_token=lambda: pytest.fail("asked for the owner's token"))
    Verifier(app).verify(token())
    (request,) = app.server.requests
    assert request.method == "GET"
    assert request.url == f"https://api.example.com/api/v1/projects/{PROJECT}/.well-known/jwks.json"
    assert request.content is None
    assert request.headers.keys() == {HEADERS["nonce"], "user-agent", "x-gateway", "authorization"}


def test_each_kind_of_user_has_a_document_that_is_fetched_when_needed() -> None:
    verifier, server, _ = made_verifier()
    verifier.verify(token())
    verifier.verify(token("restricted"), allow_restricted=True)
    verifier.verify(token("anonymous"), allow_anonymous=True)
    assert [request.url.partition("?")[2] for request in server.requests] == [
        "",
        "include_restricted=true",
        "include_anonymous=true",
    ]


def test_nothing_is_fetched_for_a_kind_that_is_not_admitted() -> None:
    verifier, server, _ = made_verifier()
    for text in (token("anonymous"), token("restricted"), token(at=0), token(aud="other"), token(iss="x"), "a.b.c"):
        with pytest.raises(InvalidTokenError):
            verifier.verify(text)
    assert not server.requests


@pytest.mark.parametrize(
    ("headers", "life"),
    [
        ({"cache-control": "public, max-age=3600"}, 3600),
        ({"cache-control": "PUBLIC,MAX-AGE=600"}, 600),
        ({"cache-control": 'max-age="600"'}, 600),
        ({"cache-control": "public, max-age=3600", "age": "3000"}, 600),
        ({"cache-control": "s-maxage=100, max-age=600"}, 600),
        ({"cache-control": "no-store, max-age=0"}, 60),
        ({"cache-control": "max-age=3600", "age": "9999999"}, 60),
        ({"cache-control": "max-age=999999999"}, 24 * 3600),
        ({"cache-control": "max-age=99999999999999"}, 60),
        ({"cache-control": "max-age=-5"}, 60),
        ({"cache-control": "max-age=600", "age": "\u0663"}, 600),
        ({}, 60),
    ],
)
def test_keys_are_fetched_anew_after_four_fifths_of_the_time_they_may_be_kept(
    headers: dict[str, str], life: float
) -> None:
    verifier, server, clock = made_verifier()
    server.headers = headers
    fresh(verifier, clock)
    clock.pass_(0.8 * life - 0.001)
    fresh(verifier, clock)
    assert len(server.requests) == 1
    clock.pass_(0.002)
    fresh(verifier, clock)
    assert len(server.requests) == 2


def test_a_key_that_the_project_gave_up_no_longer_counts_after_the_next_fetch() -> None:
    verifier, server, clock = made_verifier()
    text = token(at=clock.time() + 3000)
    verifier.verify(text)
    server.keys["normal"] = [jwk("next-key", NEXT)]
    clock.pass_(3000)
    # Two caches to invalidate: tokens and headers.
    assert signed({"alg": "ES256", "kid": "next-key"}, payload(at=clock.time()), NEXT)
    assert (
        verifier.verify(signed({"alg": "ES256", "kid": "next-key"}, payload(at=clock.time()), NEXT)).user_id == "user-1"
    )
    for again in (text, token(at=clock.time())):
        with pytest.raises(UnknownSigningKeyError):
            verifier.verify(again)


def test_the_same_keys_fetched_again_forget_nothing() -> None:
    verifier, server, clock = made_verifier()
    text = token(at=clock.time() + 3000)
    claims = verifier.verify(text)
    clock.pass_(3000)
    fresh(verifier, clock)
    assert len(server.requests) == 2
    assert verifier.verify(text) is claims


def test_a_remembered_token_does_not_outlive_its_key() -> None:
    """There are no other callers, so the token itself has to trigger the fetch that reveals the revocation."""
    verifier, server, clock = made_verifier()
    text = token(at=clock.time() + 3000)
    verifier.verify(text)
    server.keys["normal"] = [jwk("next-key", NEXT)]
    clock.pass_(0.8 * 3600 - 1)
    verifier.verify(text)
    clock.pass_(2)
    with pytest.raises(UnknownSigningKeyError):
        verifier.verify(text)


def test_a_remembered_token_does_not_outlive_keys_that_cannot_be_fetched() -> None:
    verifier, server, clock = made_verifier()
    text = token(at=clock.time() + LONGEST_LIFE)
    verifier.verify(text)
    server.failure = DOWN
    clock.pass_(LONGEST_LIFE - PAUSE)
    verifier.verify(text)
    clock.pass_(PAUSE - 0.1)
    verifier.verify(text)
    clock.pass_(0.2)
    with pytest.raises(ServerError):
        verifier.verify(text)


def test_old_keys_do_not_serve_a_moment_longer_because_a_refresh_has_just_failed() -> None:
    verifier, server, clock = made_verifier()
    fresh(verifier, clock)
    server.failure = DOWN
    clock.pass_(LONGEST_LIFE - PAUSE)
    fresh(verifier, clock)
    clock.pass_(PAUSE)
    with pytest.raises(ServerError):
        fresh(verifier, clock)


def test_a_new_key_is_found_as_soon_as_a_token_names_it() -> None:
    verifier, server, clock = made_verifier()
    fresh(verifier, clock)
    server.keys["normal"].append(jwk("next-key", NEXT))
    clock.pass_(PAUSE)
    assert verifier.verify(by("next-key", NEXT)).user_id == "user-1"
    assert fresh(verifier, clock) == "user-1"
    assert len(server.requests) == 2


def test_forged_tokens_cause_one_fetch_every_few_seconds() -> None:
    verifier, server, clock = made_verifier()
    fresh(verifier, clock)
    for number in range(1000):
        clock.pass_(0.02)
        with pytest.raises(UnknownSigningKeyError):
            verifier.verify(by(f"forged-{number}", FOREIGN))
    assert 3 <= len(server.requests) <= 1 + 20 / PAUSE


def test_forged_tokens_cause_no_fetch_right_after_one() -> None:
    verifier, server, _ = made_verifier()
    with pytest.raises(UnknownSigningKeyError):
        verifier.verify(by("forged", FOREIGN))
    assert len(server.requests) == 1


def test_a_key_that_normal_users_tokens_are_signed_with_signs_no_others() -> None:
    verifier, server, clock = made_verifier()
    clock.pass_(100)
    with pytest.raises(UnknownSigningKeyError):
        verifier.verify(by("normal-key", NORMAL, "anonymous"), allow_anonymous=True)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "failure", [DOWN, OFFLINE, reply(200, {"keys": []}), reply(200, b"<html>"), reply(404, b"nothing")]
)
def test_old_keys_serve_while_no_new_ones_can_be_had(
    failure: Reply | BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    verifier, server, clock = made_verifier()
    fresh(verifier, clock)
    server.failure = failure
    ends = clock.time() + LONGEST_LIFE
    clock.pass_(3000)
    with caplog.at_level(logging.WARNING, "hexclave"):
        while clock.time() < ends - 600:
            assert fresh(verifier, clock) == "user-1"
            clock.pass_(600)
    assert "cached keys stay in use" in caplog.text
    clock.pass_(600)
    with pytest.raises(HexclaveError):
        fresh(verifier, clock)
    server.failure = None
    clock.pass_(PAUSE)
    assert fresh(verifier, clock) == "user-1"


def test_a_failed_refresh_is_tried_again_after_a_minute() -> None:
    app = App(retries=Retries.OFF)
    verifier, server, clock = Verifier(app), app.server, app.clock
    fresh(verifier, clock)
    server.failure = DOWN
    clock.pass_(3000)
    for _ in range(60):
        fresh(verifier, clock)
        clock.pass_(1)
    assert len(server.requests) == 2
    clock.pass_(PAUSE_WITH_OLD_KEYS - 60)
    fresh(verifier, clock)
    assert len(server.requests) == 3


def test_without_keys_the_failure_reaches_the_caller_and_the_next_ones_for_a_moment() -> None:
    verifier, server, clock = made_verifier()
    server.failure = reply(404, b"Project not found")
    errors = []
    for _ in range(10):
        with pytest.raises(NotFoundError) as caught:
            verifier.verify(token())
        errors.append(caught.value)
    assert len(server.requests) == 1
    assert len(set(map(id, errors))) == 10
    clock.pass_(PAUSE)
    server.failure = None
    assert verifier.verify(token()).user_id == "user-1"


def test_a_document_without_keys_is_no_answer() -> None:
    verifier, server, _ = made_verifier()
    server.failure = reply(200, {"keys": [{"kty": "RSA"}]})
    with pytest.raises(UnreadableReplyError):
        verifier.verify(token())


def test_keys_of_another_origin_are_not_fetched() -> None:
    verifier, server, _ = made_verifier()
    server.failure = Reply(307, {"location": "https://evil.example.com/jwks.json"}, b"")
    with pytest.raises(CrossOriginRedirectError):
        verifier.verify(token())
    assert [request.url for request in server.requests] == [
        f"https://api.example.com/api/v1/projects/{PROJECT}/.well-known/jwks.json"
    ]


@pytest.mark.parametrize("status", [301, 302, 303])
def test_other_redirects_are_no_keys(status: int) -> None:
    verifier, server, _ = made_verifier()
    server.failure = Reply(status, {"location": "https://evil.example.com/jwks.json"}, b"")
    with pytest.raises(HexclaveError):
        verifier.verify(token())
    assert len(server.requests) == 1


def test_redirects_inside_the_origin_are_followed() -> None:
    app = App()
    keys = app.server

    def moved(request: Request) -> Reply:
        if request.url.endswith("jwks.json"):
            return Reply(308, {"location": "/keys"}, b"")
        assert request.url == "https://api.example.com/keys"
        return reply(200, {"keys": keys.keys["normal"]})

    app.server = moved
    assert Verifier(app).verify(token()).user_id == "user-1"


def test_the_fetch_may_take_ten_seconds_and_no_longer() -> None:
    for total, expected in ((None, 10), (60.0, 10), (3.0, 3)):
        app = App(timeout=total)
        Verifier(app).verify(token())
        assert app.server.requests[0].total_timeout == pytest.approx(expected)


class Derived(App):
    """An app derived from another, with a different timeout."""

    def __init__(self, app: App, timeout: float) -> None:
        self.clock, self.server = app.clock, app.server
        self._context = app._context._replace(timeout=Timeout.of(timeout))


def test_verifiers_of_derived_apps_share_keys_and_remembered_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    app, text = App(), token()
    claims = Verifier(app).verify(text)
    monkeypatch.setattr("hexclave.verify._tokens.signature_holds", lambda *_: pytest.fail("verified again"))
    assert Verifier(Derived(app, 3)).verify(text) is claims
    assert len(app.server.requests) == 1


@pytest.mark.parametrize("options", [{"leeway": 5}, {"remember": 7}, {"issuers": ["https://auth.example.com"]}])
def test_verifiers_with_other_options_share_nothing(options: dict[str, Any]) -> None:
    app = App()
    Verifier(app).verify(token())
    Verifier(app, **options).verify(token())
    assert len(app.server.requests) == 2


def test_each_app_fetches_within_its_own_timeout() -> None:
    app = App()
    first, second = Verifier(app), Verifier(Derived(app, 3))
    fresh(second, app.clock)
    app.clock.pass_(3000)
    fresh(first, app.clock)
    app.clock.pass_(3000)
    fresh(second, app.clock)
    assert [request.total_timeout for request in app.server.requests] == [pytest.approx(n) for n in (3, 10, 3)]


def slow(clock: FakeClock) -> Callable[[Request], Reply]:
    """An API that takes four seconds."""
    keys = KeyServer()

    def answer(request: Request) -> Reply:
        assert request.total_timeout is not None
        clock.pass_(min(4.0, request.total_timeout))
        if request.total_timeout < 4:
            raise TotalTimeout("too slow")
        return keys(request)

    return answer


def test_an_app_with_less_time_does_not_fail_the_others() -> None:
    app = App()
    app.server = slow(app.clock)
    with pytest.raises(TotalTimeout):
        fresh(Verifier(Derived(app, 3)), app.clock)
    assert fresh(Verifier(app), app.clock) == "user-1"


def test_a_refresh_that_one_app_had_no_time_for_is_soon_made_by_another() -> None:
    app = App()
    verifier, hasty = Verifier(app), Derived(app, 3)
    fresh(verifier, app.clock)
    app.server.keys["normal"] = [jwk("next-key", NEXT)]
    hasty.server = slow(app.clock)
    app.clock.pass_(3000)
    fresh(Verifier(hasty), app.clock)
    app.clock.pass_(PAUSE)
    with pytest.raises(UnknownSigningKeyError):
        fresh(verifier, app.clock)


def test_garbage_beside_the_keys_does_no_harm() -> None:
    verifier, server, _ = made_verifier()
    server.keys["normal"] = [None, 7, {"kid": "normal-key", "kty": "oct"}, *server.keys["normal"], "x"]
    assert verifier.verify(token()).user_id == "user-1"

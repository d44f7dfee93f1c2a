"""Tokens and keys of a real backend verify, with the clock at their time."""

import json
import re
from collections.abc import Iterator
from functools import cache

import pytest

from hexclave._messages import Reply, Request
from hexclave.verify import (
    AccessTokenClaims,
    AnonymousUserError,
    SignedIn,
    TokenExpiredError,
    TokenSignatureError,
    Verifier,
    WrongAudienceError,
    read_unverified,
)
from tests.contract.recordings import FOLDER, load, needs_recordings, scenarios
from tests.playing import FakeClock
from tests.signing import App

pytestmark = needs_recordings

_TOKEN = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+")
BASE_URL = "http://localhost:8102"


@cache
def tokens() -> list[str]:
    """Return every token in the recordings, once, except for the scenario with damaged ones."""
    names = [name for name in scenarios() if name != "auth_errors"]
    texts = [(FOLDER / f"{name}.jsonl").read_text(encoding="utf-8") for name in names]
    return list(dict.fromkeys(found for text in texts for found in _TOKEN.findall(text)))


def documents(request: Request) -> Reply:
    """Return the recorded reply."""
    path, _, query = request.url.removeprefix(BASE_URL).partition("?")
    for exchange in load("jwks"):
        if exchange.path == path and "&".join(f"{name}={value}" for name, value in exchange.query.items()) == query:
            return exchange.reply
    raise AssertionError(f"not recorded: {path}?{query}")


def verifier(project_id: str, *, at: float) -> Verifier:
    app = App(documents)
    clock = FakeClock(unix=at)
    app._context = app._context._replace(
        project_id=project_id,
        client_id=project_id,
        base_url=f"{BASE_URL}/api/v1",
        origin=("http", "localhost", 8102),
        clock=clock,
    )
    return Verifier(app)


def with_keys() -> Iterator[tuple[str, AccessTokenClaims]]:
    """Return the tokens of projects whose keys were recorded."""
    recorded = {exchange.path.split("/")[4] for exchange in load("jwks") if exchange.succeeded}
    for text in tokens():
        claims = read_unverified(text)
        if claims.project_id in recorded:
            yield text, claims


def test_every_recorded_token_is_read_without_a_claim_left_over() -> None:
    read = [read_unverified(text) for text in tokens()]
    assert len(read) >= 50
    assert not [claims for claims in read if claims.additional_claims]
    assert {claims.is_anonymous for claims in read} == {True, False}


def test_every_recorded_token_verifies_under_the_recorded_keys() -> None:
    verified = [
        (claims, verifier(claims.project_id, at=claims.issued + 1).verify(text, allow_anonymous=True))
        for text, claims in with_keys()
    ]
    assert len(verified) >= 35
    assert all(claims == again for claims, again in verified)
    assert {claims.project_id == "internal" for claims, _ in verified} == {True, False}


def test_every_recorded_token_signs_a_request_in() -> None:
    for text, claims in with_keys():
        result = verifier(claims.project_id, at=claims.issued + 1).authenticate(
            {"authorization": f"Bearer {text}"}, allow_anonymous=True
        )
        assert isinstance(result, SignedIn)
        assert result.user_id == claims.user_id


def test_recorded_tokens_of_anonymous_users_are_refused_unless_asked_for() -> None:
    anonymous = [(text, claims) for text, claims in with_keys() if claims.is_anonymous]
    assert anonymous
    for text, claims in anonymous:
        with pytest.raises(AnonymousUserError):
            verifier(claims.project_id, at=claims.issued + 1).verify(text)


def test_recorded_tokens_are_refused_after_their_time_for_other_projects_and_with_other_content() -> None:
    for text, claims in with_keys():
        with pytest.raises(TokenExpiredError):
            verifier(claims.project_id, at=claims.expires).verify(text, allow_anonymous=True)
        with pytest.raises(WrongAudienceError):
            verifier("8f7f0083-40b8-43ad-9252-ea503af20f13", at=claims.issued + 1).verify(text, allow_anonymous=True)
        head, signature = text.rsplit(".", 1)
        turned = f"{head}.{signature[43:]}{signature[:42]}{'A' if signature[42] not in 'AQgw' else signature[42]}"
        with pytest.raises(TokenSignatureError):
            verifier(claims.project_id, at=claims.issued + 1).verify(turned, allow_anonymous=True)


def test_the_recorded_documents_hold_two_keys_for_each_kind_of_user() -> None:
    sizes = [len(json.loads(exchange.reply.content)["keys"]) for exchange in load("jwks") if exchange.succeeded]
    assert sizes == [2, 6, 4, 2]

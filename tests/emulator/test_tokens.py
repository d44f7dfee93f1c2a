"""Access tokens are accepted by any JWT library."""

import base64
import json

import jwt
import pytest

from hexclave_emulator import Emulator
from tests.emulator.asking import Asker, code


def signed_in(ask: Asker, **fields: object) -> tuple[dict[str, object], dict[str, str]]:
    user = ask.server("POST", "/users", fields).json()
    return user, ask.server("POST", "/auth/sessions", {"user_id": user["id"]}).json()


def at_full_length(key: dict[str, str]) -> dict[str, str]:
    """Return the key in the form of RFC 7518: one in 64 has lost leading zero bytes, like the API's, and PyJWT refuses
    those.
    """
    raw = {name: base64.urlsafe_b64decode(key[name] + "==").rjust(32, b"\0") for name in ("x", "y")}
    return key | {name: base64.urlsafe_b64encode(value).rstrip(b"=").decode() for name, value in raw.items()}


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize(
    ("fields", "suffix", "path", "query"),
    [
        ({}, "", "projects", ""),
        ({"restricted_by_admin": True}, ":restricted", "projects-restricted-users", "?include_restricted=true"),
        ({"is_anonymous": True}, ":anon", "projects-anonymous-users", "?include_anonymous=true"),
    ],
)
def test_tokens_verify_with_the_published_keys(
    ask: Asker, fields: dict[str, object], suffix: str, path: str, query: str, short: bool
) -> None:
    """Signature, issuer and audience hold for each kind of user, by PyJWT and the key set of the project."""
    ask.emulator.short_coordinates = short
    user, tokens = signed_in(ask, **fields)
    project = ask.emulator.ready.project_id  # type: ignore[union-attr]
    published = ask.plain("GET", f"/projects/{project}/.well-known/jwks.json{query}").json()
    key = next(
        each for each in published["keys"] if each["kid"] == jwt.get_unverified_header(tokens["access_token"])["kid"]
    )
    claims = jwt.decode(
        tokens["access_token"],
        jwt.PyJWK(at_full_length(key)).key,
        algorithms=["ES256"],
        audience=project + suffix,
        issuer=f"http://localhost:8102/api/v1/{path}/{project}",
    )
    assert claims["sub"] == user["id"]
    assert claims["exp"] - claims["iat"] == 600
    assert claims["is_restricted"] is bool(fields)


def test_keys_of_other_kinds_of_users_are_published_only_when_asked_for(ask: Asker) -> None:
    """Two keys for each audience: 2, with restricted users 4, with anonymous ones 6."""
    project = ask.emulator.ready.project_id  # type: ignore[union-attr]
    counts = [
        len(ask.plain("GET", f"/projects/{project}/.well-known/jwks.json{query}").json()["keys"])
        for query in ("", "?include_restricted=true", "?include_anonymous=true")
    ]
    assert counts == [2, 4, 6]


def test_short_coordinates_can_be_asked_for(ask: Asker) -> None:
    """The switch serves the fault of the real API: a coordinate that lost its leading zero bytes."""
    ask.emulator.short_coordinates = True
    project = ask.emulator.ready.project_id  # type: ignore[union-attr]
    keys = ask.plain("GET", f"/projects/{project}/.well-known/jwks.json").json()["keys"]
    assert all(min(len(key["x"]), len(key["y"])) < 43 for key in keys)
    user, tokens = signed_in(ask)
    assert ask.client("GET", "/users/me", access_token=tokens["access_token"]).json()["id"] == user["id"]


def test_an_old_token_is_refused_and_a_refreshed_one_is_not(ask: Asker) -> None:
    """After ten minutes the token has expired, and its error names user and session."""
    user, tokens = signed_in(ask)
    ask.emulator.clock.advance(601)
    refused = ask.client("GET", "/users/me", access_token=tokens["access_token"])
    assert (refused.status, code(refused)) == (401, "ACCESS_TOKEN_EXPIRED")
    assert refused.json()["details"]["user_id"] == user["id"]
    fresh = ask.client("POST", "/auth/sessions/current/refresh", {}, refresh_token=tokens["refresh_token"]).json()
    assert ask.client("GET", "/users/me", access_token=fresh["access_token"]).status == 200


def test_a_session_ends_by_age(ask: Asker) -> None:
    """A refresh token is valid for a year by default."""
    _, tokens = signed_in(ask)
    ask.emulator.clock.advance(366 * 24 * 3600)
    refused = ask.client("POST", "/auth/sessions/current/refresh", {}, refresh_token=tokens["refresh_token"])
    assert code(refused) == "REFRESH_TOKEN_NOT_FOUND_OR_EXPIRED"


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_tampered_tokens_are_refused(ask: Asker, kept: int) -> None:
    """A token whose header, claims or signature come from another one was not signed by the emulator."""
    _, mine = signed_in(ask)
    _, theirs = signed_in(ask, restricted_by_admin=True)
    parts = theirs["access_token"].split(".")
    parts[kept] = mine["access_token"].split(".")[kept]
    refused = ask.client("GET", "/users/me", access_token=".".join(parts))
    assert code(refused) == "UNPARSABLE_ACCESS_TOKEN"


def test_an_emulator_does_not_take_tokens_of_another(ask: Asker) -> None:
    """Each has a secret of its own."""
    _, tokens = signed_in(ask)
    other = Emulator()
    assert other.token_claims(tokens["access_token"]) is None
    unsigned = jwt.encode(json.loads('{"sub": "x", "aud": "x"}'), key=None, algorithm="none")
    assert other.token_claims(unsigned) is None
    other.close()


def test_owners_see_impersonations(ask: Asker) -> None:
    """Admins only: neither the user nor the server sees them."""
    user = ask.server("POST", "/users", {}).json()["id"]
    own = ask.server("POST", "/auth/sessions", {"user_id": user}).json()
    ask.server("POST", "/auth/sessions", {"user_id": user, "is_impersonation": True})
    path = f"/auth/sessions?user_id={user}"
    seen = {
        "client": ask.client("GET", path, access_token=own["access_token"]),
        "server": ask.server("GET", path),
        "admin": ask.admin("GET", path),
    }
    kinds = {name: [each["is_impersonation"] for each in reply.json()["items"]] for name, reply in seen.items()}
    assert kinds == {"client": [False], "server": [False], "admin": [True, False]}

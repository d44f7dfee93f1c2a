"""`token inspect`."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs
import click

from hexclave.cli._connecting import connect
from hexclave.cli._exits import Exit, Failure
from hexclave.cli._output import note, print_result
from hexclave.cli._profiles import Profile, load
from hexclave.cli._state import common_options, current
from hexclave.cli._values import SecretType
from hexclave.verify import AccessTokenClaims, InvalidTokenError, read_unverified
from hexclave_api.secret import Secret

_KEYS: Final[Mapping[str, str]] = {
    "pck_": "publishable client key",
    "ssk_": "secret server key",
    "sak_": "super secret admin key",
    "sk_": "secret API key",
    "pk_": "public API key",
    "whsec_": "signing secret of webhooks",
}


@click.group("token")
def token_command() -> None:
    """Inspect access tokens."""


@attrs.frozen
class Inspected:
    """The claims of a token, and whether it is valid."""

    valid: bool | None
    """`None`: not verified."""
    problem: str | None
    cure: str | None
    user_id: str
    email: str | None
    email_verified: bool
    name: str | None
    project_id: str
    branch_id: str
    session_id: str
    selected_team_id: str | None
    is_anonymous: bool
    is_restricted: bool
    restricted_reason: str | None
    requires_totp_mfa: bool
    issuer: str
    audience: str
    issued_at: datetime
    expires_at: datetime
    expires_in_seconds: int
    signed_up_at: datetime
    additional_claims: Mapping[str, Any]


@token_command.command("inspect", params=common_options(("profile", "json")))
@click.argument("token", type=SecretType(), default="-")
@click.option("--verify/--no-verify", default=True, help="Check the signature and issuer; fetches the project's keys.")
def inspect_command(token: Secret, verify: bool) -> None:
    """Show the claims of an access token, and why it is invalid. Never prints the token.

    TOKEN is @FILE, - for standard input (the default), or ? to be asked for it. Without a profile for the token's
    project, only its claims are shown. The exit status is 1 if the token is invalid.

    GET /projects/{project_id}/.well-known/jwks.json.
    """
    kind = next((name for prefix, name in _KEYS.items() if token.reveal().startswith(prefix)), None)
    if kind is not None:
        raise Failure(f"This is a {kind}, not an access token.", Exit.REFUSED)
    try:
        claims = read_unverified(token)
    except InvalidTokenError as error:
        raise Failure(f"Not an access token: {error.message}", Exit.REFUSED) from None
    profile = _profile() if verify else None
    problem = _problem_without_keys(claims) if profile is None else _problem(token, profile)
    print_result(_inspected(claims, problem, verified=profile is not None))
    if problem is not None:
        raise click.exceptions.Exit(Exit.REFUSED)
    if profile is None:
        note(
            "Not verified: anybody can write such a token." + ("" if not verify else " Choose a profile to verify it.")
        )


def _profile() -> Profile | None:
    state = current()
    try:
        return load(state.profile)
    except Failure as failure:
        if state.profile is not None or failure.status is not Exit.SIGNED_OUT:
            raise
        return None


def _problem_without_keys(claims: AccessTokenClaims) -> tuple[str, str] | None:
    if claims.expires <= time.time():
        return "The token has expired.", "Refresh it, or sign in again."
    return None


def _problem(token: Secret, profile: Profile) -> tuple[str, str] | None:
    with connect(profile, "client") as app:
        try:
            app.verifier.verify(token, allow_restricted=True, allow_anonymous=True)
        except InvalidTokenError as error:
            return error.message, error.hint
    return None


def _inspected(claims: AccessTokenClaims, problem: tuple[str, str] | None, *, verified: bool) -> Inspected:
    fields = {field.name for field in attrs.fields(Inspected)} & {field.name for field in attrs.fields(type(claims))}
    return Inspected(
        valid=False if problem else True if verified else None,
        problem=problem[0] if problem else None,
        cure=problem[1] if problem else None,
        issued_at=claims.issued_at,
        expires_at=claims.expires_at,
        expires_in_seconds=int((claims.expires_at - datetime.now(UTC)).total_seconds()),
        signed_up_at=claims.signed_up_at,
        **{name: getattr(claims, name) for name in fields},
    )

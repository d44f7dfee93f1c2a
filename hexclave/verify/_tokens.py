"""Verification of access tokens: all checks from the text of a token to its claims."""

from collections.abc import Iterable
from typing import Any, Final, cast

from hexclave._engine.context import Context
from hexclave._steps import Done, Steps
from hexclave.errors import UnsafeUseError
from hexclave.verify._claims import AccessTokenClaims, read_claims
from hexclave.verify._errors import (
    AnonymousUserError,
    InconsistentTokenError,
    InvalidTokenError,
    RestrictedUserError,
    TokenExpiredError,
    TokenNotYetValidError,
    TokenSignatureError,
    UnknownSigningKeyError,
    WrongAudienceError,
    WrongIssuerError,
)
from hexclave.verify._jws import Parts, json_object, key_id, signature_holds, split
from hexclave.verify._keys import SigningKeys
from hexclave.verify._kinds import Kind, deployments, kinds
from hexclave.verify._remembered import MOST, Entry, Remembered, digest
from hexclave_api.secret import Secret

LONGEST_LEEWAY: Final = 300.0


def check_leeway(leeway: object) -> None:
    """Raise unless the value is a number of seconds in the allowed range.

    Raises:
        UnsafeUseError: it is not.
    """
    if isinstance(leeway, bool) or not isinstance(leeway, (int, float)) or not 0 <= leeway <= LONGEST_LEEWAY:
        raise UnsafeUseError(f"leeway must be a number from 0 to {LONGEST_LEEWAY:g} seconds, not {leeway!r}.")


def check_options(issuers: object, leeway: object) -> None:
    """Validate the options of a verifier before it is created.

    Raises:
        UnsafeUseError: one is invalid.
    """
    check_leeway(leeway)
    deployments("https://api.example.com", cast(Any, issuers))


class TokenChecks:
    """The checks of a project's tokens, with its signing keys and verified tokens."""

    def __init__(self, app: Context, *, issuers: Iterable[str], leeway: float, remember: int) -> None:
        check_leeway(leeway)
        if isinstance(remember, bool) or not isinstance(remember, int) or not 0 <= remember <= MOST:
            raise UnsafeUseError(f"remember must be an integer from 0 to {MOST:,}, not {remember!r}.")
        self._clock = app.clock
        self._leeway = leeway
        self._project_id = app.project_id
        self._branch_id = app.client_id.partition("#")[2] or "main"
        self._options = deployments(app.base_url, issuers), leeway, remember
        known = kinds(app.project_id, self._options[0])
        self._kinds = {kind.audience: kind for kind in known}
        self._keys = SigningKeys(known)
        self._remembered = Remembered(remember) if remember else None

    @classmethod
    def shared(cls, app: Context, *, issuers: Iterable[str], leeway: float, remember: int) -> "TokenChecks":
        """Return the checks with these options, shared by an app and its derived apps.

        Raises:
            UnsafeUseError: an option is out of range.
        """
        checks = cls(app, issuers=issuers, leeway=leeway, remember=remember)
        return app.shared.checks.setdefault(checks._options, checks)

    def verified(
        self, app: Context, token: str | Secret, *, allow_restricted: bool, allow_anonymous: bool
    ) -> Steps[AccessTokenClaims] | Done[AccessTokenClaims]:
        """Return the claims of a token that passes all checks. `app` fetches the keys if necessary.

        Raises:
            InvalidTokenError: a check failed.
            HexclaveError: no keys are cached and fetching them failed.
        """
        # Checked because `"false"` is truthy, and by class because that is fastest.
        if allow_restricted.__class__ is not bool or allow_anonymous.__class__ is not bool:
            raise UnsafeUseError("allow_restricted and allow_anonymous must be True or False.")
        name = b""
        if self._remembered is not None and isinstance(token, (str, Secret)):
            name = digest(token if isinstance(token, str) else token.reveal())
            entry = self._remembered.get(name)
            if entry is not None and self._holds(entry, allow_restricted, allow_anonymous):
                return entry.claims
        return self._checked(app, token, name, allow_restricted, allow_anonymous)

    def _holds(self, entry: Entry, restricted: bool, anonymous: bool) -> bool:
        """Return whether a cached token is still valid; if not, the full checks find the reason."""
        snapshot, claims = entry.document.snapshot, entry.claims.value
        return (
            snapshot is not None
            and snapshot.by_id is entry.keys
            # Only a fetch shows that a key was revoked.
            and self._clock.monotonic() < snapshot.refresh_at
            and self._refusal(claims, self._clock.time(), restricted, anonymous) is None
        )

    def _checked(
        self, app: Context, token: str | Secret, name: bytes, allow_restricted: bool, allow_anonymous: bool
    ) -> Steps[AccessTokenClaims]:
        parts: Parts | None = None
        text = token.reveal() if isinstance(token, Secret) else token
        try:
            if not isinstance(text, str):
                raise UnsafeUseError(f"token must be a str, not {type(text).__name__}.")
            parts, now = split(text), self._clock.time()
            claims, kind = self._read(parts.payload, now)
            refusal = self._refusal(claims, now, allow_restricted, allow_anonymous)
            if refusal is not None:
                raise refusal
            keys = self._keys.at_hand(kind)
            key = None if keys is None else keys.by_header.get(parts.header)
            if keys is None or key is None or keys.refresh_at <= self._clock.monotonic():
                kid = key_id(parts.header)
                keys = yield from self._keys.find(app, kind, kid)
                if keys is None:
                    raise UnknownSigningKeyError("The token's key ID (kid) is not one of the project's signing keys.")
                key = keys.by_id[kid]
            if not signature_holds(key, parts.signed, parts.signature):
                raise TokenSignatureError("The token's signature is invalid.")
            keys.by_header[parts.header] = key
            if self._remembered is not None:
                self._remembered.put(name, Entry(Done(claims), keys.by_id, self._keys.document(kind)))
        except InvalidTokenError as error:
            # Without the frames below and the locals of this one, which contain the token.
            failure = error.with_traceback(None)
        else:
            return claims
        finally:
            del token, text, parts
        raise failure

    def _read(self, segment: bytes, now: float) -> tuple[AccessTokenClaims, Kind]:
        payload = json_object(segment, "payload")
        claims = read_claims(payload)
        kind = self._kinds.get(claims.audience)
        if kind is None or claims.project_id != self._project_id or claims.branch_id != self._branch_id:
            raise WrongAudienceError("The token was issued for another project or branch.")
        if claims.issuer not in kind.issuers:
            raise WrongIssuerError("The token's issuer is another deployment, or for another kind of user.")
        if claims.is_restricted is not kind.restricted or claims.is_anonymous is not kind.anonymous:
            raise InconsistentTokenError("The token's audience and claims are for different kinds of users.")
        if "nbf" in payload and not _reached(payload["nbf"], now + self._leeway):
            raise TokenNotYetValidError("The token is not valid yet.")
        return claims, kind

    def _refusal(
        self, claims: AccessTokenClaims, now: float, restricted: bool, anonymous: bool
    ) -> InvalidTokenError | None:
        """Return the error if the token has expired or the user is not allowed, else `None`."""
        if now >= claims.expires + self._leeway:
            return TokenExpiredError("The token has expired.")
        if claims.is_anonymous and not anonymous:
            return AnonymousUserError("The token belongs to an anonymous user; anonymous users are not allowed here.")
        if claims.is_restricted and not (restricted or anonymous):
            return RestrictedUserError("The token belongs to a restricted user; restricted users are not allowed here.")
        return None


def _reached(moment: object, now: float) -> bool:
    return isinstance(moment, int | float) and not isinstance(moment, bool) and moment <= now

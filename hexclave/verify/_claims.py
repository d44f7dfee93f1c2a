"""Claims of an access token."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from types import NoneType
from typing import Any, Final, Literal

import attrs

from hexclave.verify._errors import InconsistentTokenError, MalformedTokenError
from hexclave_api.model import NOTHING_ELSE, UnknownFields
from hexclave_api.reading import Known


@attrs.frozen(slots=False)
class AccessTokenClaims:
    """Claims about the user when the access token was issued; tokens expire after ten minutes.

    They do not include permissions: get those from the API.
    """

    user_id: str
    project_id: str
    branch_id: str
    session_id: str
    """ID of the session that the token belongs to."""
    name: str | None
    email: str | None
    """The primary email address, which may be unverified: see `email_verified`."""
    email_verified: bool
    selected_team_id: str | None
    """The team that the user selected, who may no longer be a member of it."""
    is_anonymous: bool
    """True if the user is anonymous; anonymous users are also restricted."""
    is_restricted: bool
    """True if the user is restricted until they complete a step; see `restricted_reason`."""
    requires_totp_mfa: bool
    """True if the user has set up a second factor."""
    issuer: str
    audience: str
    issued: float
    """Unix time, like the next two; `issued_at` is the same as a `datetime`."""
    expires: float
    signed_up: float
    restricted_reason: Known[Literal["anonymous", "email_not_verified", "restricted_by_administrator"]] | None = None
    additional_claims: Mapping[str, Any] = attrs.field(default=NOTHING_ELSE, hash=False)
    """Claims unknown to this version of the SDK, by name."""

    @property
    def issued_at(self) -> datetime:
        return _moment(self.issued)

    @property
    def expires_at(self) -> datetime:
        return _moment(self.expires)

    @property
    def signed_up_at(self) -> datetime:
        """When the user signed up."""
        return _moment(self.signed_up)


_TEXT: Final = (str,)
_MAYBE_TEXT: Final = (str, NoneType)
_NUMBER: Final = (int, float)
_FLAG: Final = (bool,)
_CLAIMS: Final[Mapping[str, tuple[type, ...]]] = {
    "sub": _TEXT,
    "project_id": _TEXT,
    "branch_id": _TEXT,
    "refresh_token_id": _TEXT,
    "name": _MAYBE_TEXT,
    "email": _MAYBE_TEXT,
    "email_verified": _FLAG,
    "selected_team_id": _MAYBE_TEXT,
    "is_anonymous": _FLAG,
    "is_restricted": _FLAG,
    "requires_totp_mfa": _FLAG,
    "iss": _TEXT,
    "aud": _TEXT,
    "iat": _NUMBER,
    "exp": _NUMBER,
    "signed_up_at": _NUMBER,
}
"""Required claims and their types, in the order of the fields above."""
_KNOWN: Final = frozenset({*_CLAIMS, "role", "restricted_reason", "nbf"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 253_402_300_799  # 31 December 9999

_values = itemgetter(*_CLAIMS)
_good_types: set[tuple[type, ...]] = set()
"""Combinations of claim types already found valid, which makes checking most tokens fast."""


def read_claims(payload: dict[str, Any]) -> AccessTokenClaims:
    """Read the claims of a decoded payload without checking issuer, audience or expiry.

    Raises:
        MalformedTokenError: a claim is missing or of the wrong type, or it is another kind of token.
        InconsistentTokenError: the claims about the kind of user contradict each other.
    """
    try:
        values = _values(payload)
    except KeyError:
        payload = _as_in_new_tokens(payload)
        values = _values(payload)
    types = tuple(map(type, values))
    if types not in _good_types:
        _check_types(payload)
        _good_types.add(types)
    if payload.get("role") != "authenticated" or not payload["sub"]:
        raise MalformedTokenError("The token is not an access token of a user.")
    # Also false for NaN, which would never expire.
    if not (
        0 <= payload["iat"] <= _LATEST and 0 <= payload["exp"] <= _LATEST and 0 <= payload["signed_up_at"] <= _LATEST
    ):
        raise MalformedTokenError("One of the token's times (iat, exp, signed_up_at) is not a valid time.")
    reason = payload.get("restricted_reason")
    if payload["is_restricted"] is (reason is None):
        raise InconsistentTokenError("The token's claims is_restricted and restricted_reason contradict each other.")
    if payload["is_anonymous"] and not payload["is_restricted"]:
        raise InconsistentTokenError("The token is for an anonymous user who is not restricted.")
    fields: tuple[Any, ...] = (*values, None if reason is None else _reason(reason), _others(payload))
    return AccessTokenClaims(*fields)


def _check_types(payload: dict[str, Any]) -> None:
    for name, types in _CLAIMS.items():
        if type(payload[name]) not in types:
            raise MalformedTokenError(f"The token's claim {name} has the wrong type.")


def _as_in_new_tokens(payload: dict[str, Any]) -> dict[str, Any]:
    """Convert claims of older servers: two names in camel case, and only anonymous users are restricted."""
    payload = dict(payload)
    for name, old in (("refresh_token_id", "refreshTokenId"), ("branch_id", "branchId")):
        if name not in payload and old in payload:
            payload[name] = payload.pop(old)
    payload.setdefault("requires_totp_mfa", False)
    if "is_restricted" not in payload:
        payload["is_restricted"] = payload.get("is_anonymous")
        payload["restricted_reason"] = {"type": "anonymous"} if payload["is_restricted"] else None
    missing = [name for name in _CLAIMS if name not in payload]
    if missing:
        raise MalformedTokenError(f"The token has no claim {missing[0]}.")
    return payload


def _reason(reason: Any) -> str:
    kind = reason.get("type") if isinstance(reason, dict) else None
    if not isinstance(kind, str):
        raise MalformedTokenError("The token's claim restricted_reason is not an object with a type.")
    return kind


def _others(payload: dict[str, Any]) -> Mapping[str, Any]:
    if _KNOWN.issuperset(payload):
        return NOTHING_ELSE
    return UnknownFields({name: _unchangeable(value) for name, value in payload.items() if name not in _KNOWN})


def _unchangeable(value: Any) -> Any:
    """Return an immutable copy, because several callers share the claims of a cached token."""
    if isinstance(value, dict):
        return UnknownFields({name: _unchangeable(item) for name, item in value.items()})
    return tuple(map(_unchangeable, value)) if isinstance(value, list) else value


def _moment(seconds: float) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)

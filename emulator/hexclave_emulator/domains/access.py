"""Identification of callers: project, access type and user, read from the headers in the API's order."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import attrs

from hexclave_emulator.credentials import tokens
from hexclave_emulator.domains.projects import KEY_SETS, PROJECTS, Project, project_setting
from hexclave_emulator.domains.teams import MEMBERSHIPS
from hexclave_emulator.domains.users import USERS, User
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known

if TYPE_CHECKING:
    from hexclave_emulator.emulator import Emulator

INTERNAL: Final = "internal"
"""The project whose users own the other projects."""

_TYPES: Final = ("client", "server", "admin")
_KEYS: Final = ("publishable-client-key", "secret-server-key", "super-secret-admin-key", "admin-access-token")


@attrs.frozen
class Caller:
    """The identity proven by the headers."""

    type: str | None = None
    """`client`, `server` or `admin`; `None` if the request has no access type."""
    project: Project | None = None
    user: User | None = None
    """`None` without an access token, or if the token's user was deleted."""
    session_id: str | None = None
    """The session of the access token, which may have ended."""


def unprefixed(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the API's own headers without their prefix; `x-hexclave-` takes precedence over `x-stack-`."""
    found = {name[8:]: value for name, value in headers.items() if name.startswith("x-stack-")}
    found.update({name[11:]: value for name, value in headers.items() if name.startswith("x-hexclave-")})
    return found


def identify(emulator: "Emulator", headers: Mapping[str, str]) -> Caller:
    """Identify the caller from headers without prefix.

    Raises:
        Refusal: the first problem with the headers.
    """
    access_type = headers.get("access-type")
    if access_type is None:
        if any(headers.get(name) for name in _KEYS):
            raise known("PROJECT_KEY_WITHOUT_ACCESS_TYPE")
        return Caller()
    if access_type not in _TYPES:
        raise known("INVALID_ACCESS_TYPE")
    project_id = headers.get("project-id")
    if not project_id:
        raise known("ACCESS_TYPE_WITHOUT_PROJECT_ID", request_type=access_type)

    claims = session_claims(emulator, headers, project_id)
    project = emulator.state[PROJECTS].get(project_id)
    if project is None:
        raise known("CURRENT_PROJECT_NOT_FOUND", project_id=project_id)
    _check_keys(emulator, headers, access_type, project)
    branch = headers.get("branch-id", "main")
    if branch != "main":
        raise known("BRANCH_DOES_NOT_EXIST", branch_id=branch)

    if claims is None:
        return Caller(access_type, project)
    user = emulator.state[USERS].get(claims["sub"])
    return Caller(
        access_type,
        project,
        user if user is not None and user.project_id == project.id else None,
        claims.get("refresh_token_id"),
    )


def session_claims(emulator: "Emulator", headers: Mapping[str, str], project_id: str) -> JsonObject | None:
    """Return the claims of the access token in these headers; `None` without one.

    Raises:
        Refusal: the token is invalid or not accepted here.
    """
    token = headers.get("access-token")
    if not token:
        return None
    claims = emulator.token_claims(token)
    if claims is None:
        raise known("UNPARSABLE_ACCESS_TOKEN")
    if claims["exp"] <= emulator.clock.seconds():
        raise known(
            "ACCESS_TOKEN_EXPIRED",
            expired_at_millis=claims["exp"] * 1000,
            project_id=claims["project_id"],
            user_id=claims["sub"],
            refresh_token_id=claims["refresh_token_id"],
        )
    if claims["project_id"] != project_id:
        raise known(
            "INVALID_PROJECT_FOR_ACCESS_TOKEN", expected_project_id=project_id, actual_project_id=claims["project_id"]
        )
    anonymous_allowed = headers.get("allow-anonymous-user") == "true"
    kind = tokens.claims_kind(claims)
    if kind == "anonymous" and not anonymous_allowed:
        raise known("ANONYMOUS_AUTHENTICATION_NOT_ALLOWED")
    if kind == "restricted" and not anonymous_allowed and headers.get("allow-restricted-user") != "true":
        raise known("RESTRICTED_USER_NOT_ALLOWED", restricted_reason=claims["restricted_reason"])
    return claims


def _check_keys(emulator: "Emulator", headers: Mapping[str, str], access_type: str, project: Project) -> None:
    override = headers.get("development-override-key")
    if override and _is_key(emulator, INTERNAL, "super_secret_admin_key", override):
        return
    if headers.get("admin-access-token"):
        _check_admin_token(emulator, headers["admin-access-token"], project)
        return
    if access_type == "client":
        key = headers.get("publishable-client-key")
        if not key:
            if project_setting(project, "project.requirePublishableClientKey"):
                raise known("PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT", project_id=project.id)
        elif not _is_key(emulator, project.id, "publishable_client_key", key):
            raise known("INVALID_PUBLISHABLE_CLIENT_KEY", project_id=project.id)
    elif access_type == "server":
        key = headers.get("secret-server-key")
        if not key:
            raise known("SERVER_AUTHENTICATION_REQUIRED")
        if not _is_key(emulator, project.id, "secret_server_key", key):
            raise known("INVALID_SECRET_SERVER_KEY", project_id=project.id)
    else:
        key = headers.get("super-secret-admin-key")
        if not key:
            raise known("ADMIN_AUTHENTICATION_REQUIRED")
        if not _is_key(emulator, project.id, "super_secret_admin_key", key):
            raise known("INVALID_SUPER_SECRET_ADMIN_KEY", project_id=project.id)


def is_publishable_key(emulator: "Emulator", project_id: str, key: str) -> bool:
    """Return true if this is a valid publishable client key of the project."""
    return _is_key(emulator, project_id, "publishable_client_key", key)


def _is_key(emulator: "Emulator", project_id: str, kind: str, key: str) -> bool:
    found = emulator.state[KEY_SETS].first(**{kind: key})
    return (
        found is not None
        and found.project_id == project_id
        and found.manually_revoked_at_millis is None
        and found.expires_at_millis > emulator.clock.millis()
    )


def _check_admin_token(emulator: "Emulator", token: str, project: Project) -> None:
    claims = emulator.token_claims(token)
    if claims is None:
        raise known("UNPARSABLE_ADMIN_ACCESS_TOKEN")
    if claims["exp"] <= emulator.clock.seconds():
        raise known("ADMIN_ACCESS_TOKEN_EXPIRED", expired_at_millis=claims["exp"] * 1000)
    if claims["project_id"] != INTERNAL:
        raise known("INVALID_PROJECT_FOR_ADMIN_ACCESS_TOKEN")
    owner = project.owner_team_id
    if owner is None or emulator.state[MEMBERSHIPS].first(team_id=owner, user_id=claims["sub"]) is None:
        raise known("ADMIN_ACCESS_TOKEN_IS_NOT_ADMIN")

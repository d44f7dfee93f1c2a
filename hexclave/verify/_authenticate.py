"""Authentication of a request by access token or API key."""

from typing import Literal, TypeAlias

import attrs

from hexclave._engine.context import Context
from hexclave._engine.exchange import exchange
from hexclave._steps import Done, Steps
from hexclave.api_keys import InvalidApiKeyError, read_api_key
from hexclave.credentials import HEADERS
from hexclave.errors import (
    AnonymousAuthenticationNotAllowed,
    ApiKeyNotValid,
    CannotGetOwnUserWithoutUser,
    InvalidAccessToken,
    RestrictedUserNotAllowed,
    UnreadableReplyError,
    UnsafeUseError,
    UserAuthenticationRequired,
    UserNotFound,
)
from hexclave.tokens import Tokens
from hexclave.verify._authentication import (
    AuthenticatedTeam,
    AuthenticationResult,
    InvalidCredentials,
    SignedIn,
    SignedOut,
)
from hexclave.verify._credentials import find_credentials
from hexclave.verify._errors import AnonymousUserError, InvalidTokenError, RestrictedUserError
from hexclave.verify._tokens import TokenChecks
from hexclave_api.operations.api_keys import check_team_api_key, check_user_api_key
from hexclave_api.operations.users import get_current_user_as_server, get_user
from hexclave_api.secret import Secret

CheckedBy: TypeAlias = Literal["token", "api"]
KeyOwner: TypeAlias = Literal["user", "team"]


def _is_switch(_: object, attribute: "attrs.Attribute[bool]", value: object) -> None:
    if not isinstance(value, bool):
        name = attribute.name if attribute.name == "cookies" else f"allow_{attribute.name}"
        raise UnsafeUseError(f"{name} must be True or False, not {value!r}.")


@attrs.frozen
class Allowed:
    """The credentials and users allowed for a request."""

    mode: CheckedBy
    cookies: bool = attrs.field(validator=_is_switch)
    api_keys: frozenset[KeyOwner]
    restricted: bool = attrs.field(validator=_is_switch)
    anonymous: bool = attrs.field(validator=_is_switch)


def authenticate(app: Context, checks: TokenChecks, request: object, allowed: Allowed) -> Steps[AuthenticationResult]:
    """Authenticate a request.

    Raises:
        HexclaveError: the signing keys or the API are unavailable, or the app lacks permission.
    """
    failure: UnsafeUseError | None = None
    found = None
    try:
        found = find_credentials(request, app.project_id, cookies=allowed.cookies, api_keys=bool(allowed.api_keys))
    except InvalidTokenError as error:
        return InvalidCredentials(reason=error.with_traceback(None))
    except UnsafeUseError as error:
        # The frames below contain the credentials.
        failure = error.with_traceback(None)
    finally:
        del request
    if failure is not None:
        raise failure
    if found is None:
        return SignedOut()
    source, tokens = found.source, found.tokens
    try:
        if found.api_key is not None:
            result = yield from _by_api_key(app, found.api_key, allowed)
        elif tokens is None or tokens.access_token is None:
            result = SignedOut()
        elif allowed.mode == "api":
            result = yield from _by_api(app, tokens.access_token, allowed)
        else:
            checked = checks.verified(
                app, tokens.access_token, allow_restricted=allowed.restricted, allow_anonymous=allowed.anonymous
            )
            claims = checked.value if isinstance(checked, Done) else (yield from checked)
            result = SignedIn(user_id=claims.user_id, claims=claims)
    except (
        InvalidTokenError,
        InvalidApiKeyError,
        ApiKeyNotValid,
        InvalidAccessToken,
        AnonymousAuthenticationNotAllowed,
        RestrictedUserNotAllowed,
        UserAuthenticationRequired,
        CannotGetOwnUserWithoutUser,
        UserNotFound,
    ) as error:
        result = InvalidCredentials(reason=error.with_traceback(None))
    return attrs.evolve(result, source=source, tokens=tokens)


def _by_api(app: Context, access_token: Secret, allowed: Allowed) -> Steps[AuthenticationResult]:
    """Return the user as the API currently knows them."""
    user = yield from exchange(_allowing(app, allowed), get_current_user_as_server(), tokens=Tokens(access_token))
    return SignedIn(user_id=_present(user.id), user=user)


def _by_api_key(app: Context, api_key: Secret, allowed: Allowed) -> Steps[AuthenticationResult]:
    owner = read_api_key(api_key).owner
    if owner not in allowed.api_keys:
        raise InvalidApiKeyError(f"API keys of a {owner} are not allowed here.")
    alone = app._replace(session=None)
    if owner == "team":
        of_team = yield from exchange(alone, check_team_api_key(api_key=api_key))
        return AuthenticatedTeam(team_id=_present(of_team.team_id), api_key=of_team)
    of_user = yield from exchange(alone, check_user_api_key(api_key=api_key))
    # The reply does not say whether the user is restricted or anonymous.
    user = yield from exchange(alone, get_user(_present(of_user.user_id)))
    if user.is_anonymous and not allowed.anonymous:
        raise AnonymousUserError("The API key belongs to an anonymous user; anonymous users are not allowed here.")
    if user.is_restricted and not allowed.restricted:
        raise RestrictedUserError("The API key belongs to a restricted user; restricted users are not allowed here.")
    return SignedIn(user_id=_present(user.id), user=user, api_key=of_user)


def _present(id_: str | None) -> str:
    """Return the ID, which a reply may lack because models are lenient, but authentication needs."""
    if not id_:
        raise UnreadableReplyError("The API accepted the credentials but returned no user or team ID.")
    return id_


def _allowing(app: Context, allowed: Allowed) -> Context:
    """Return the app with the request's options for anonymous and restricted users instead of its own."""
    anonymous, restricted = HEADERS["allow_anonymous"], HEADERS["allow_restricted"]

    def headers() -> dict[str, str]:
        made = app.static_headers()
        for name, is_allowed in ((anonymous, allowed.anonymous), (restricted, allowed.restricted)):
            made.pop(name, None)
            if is_allowed:
                made[name] = "true"
        return made

    return app._replace(static_headers=headers)

"""Results of `authenticate`, and replies to unauthenticated requests."""

import json
import re
import traceback
from typing import Any

import pytest

from hexclave._messages import Reply, Request
from hexclave.credentials import HEADERS
from hexclave.errors import (
    AccessTokenExpired,
    AnonymousAuthenticationNotAllowed,
    ApiKeyExpired,
    ApiKeyNotFound,
    CannotGetOwnUserWithoutUser,
    HexclaveError,
    RestrictedUserNotAllowed,
    ServerError,
    UnreadableReplyError,
    UnsafeUseError,
    UserNotFound,
)
from hexclave.tokens import Tokens
from hexclave.verify import (
    AnonymousUserError,
    AuthenticatedTeam,
    AuthenticationResult,
    InvalidApiKeyError,
    InvalidCredentials,
    MalformedTokenError,
    RestrictedUserError,
    SignedIn,
    SignedOut,
    TokenExpiredError,
    TokenSignatureError,
    Verifier,
)
from tests.playing import known_error, reply
from tests.signing import FOREIGN, App, KeyServer, payload, signed, token
from tests.verify.test_api_keys import made

USER_KEY, TEAM_KEY = made(), made(owner="team")
UNCACHEABLE = {"cache-control": "private, no-store"}


class Api(KeyServer):
    """A fake API: the public keys, and replies by path."""

    def __init__(self, **replies: Reply) -> None:
        super().__init__()
        self.replies = {name.replace("_", "-").replace("--", "/"): value for name, value in replies.items()}
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        if "jwks" in request.url:
            return super().__call__(request)
        self.asked.append(request)
        return self.replies[request.url.partition("/api/v1/")[2]]


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def authenticated(
    request: object, api: Api | None = None, *, access: Any = "server", **options: Any
) -> AuthenticationResult:
    app = App(api or Api(), access=access)
    return Verifier(app).authenticate(request, **options)  # type: ignore[no-any-return]


def reason(result: AuthenticationResult, kind: type[HexclaveError]) -> HexclaveError:
    assert isinstance(result, InvalidCredentials)
    assert type(result.reason) is kind
    assert not result.signed_in
    return result.reason


def user(**changes: Any) -> dict[str, Any]:
    return {"id": "user-1", "display_name": "Ada", "is_anonymous": False, "is_restricted": False} | changes


# With the token alone


def test_a_good_token_signs_in() -> None:
    text = token()
    result = authenticated(bearer(text))
    assert isinstance(result, SignedIn)
    assert result.signed_in
    assert result.claims is not None
    assert (result.user_id, result.source, result.tokens) == ("user-1", "authorization", Tokens(text))
    assert (result.claims.email, result.user, result.api_key) == ("ada@example.com", None, None)
    assert result.headers == UNCACHEABLE


def test_tokens_stay_masked() -> None:
    text = token()
    shown = repr(authenticated(bearer(text)))
    assert text.split(".")[2] not in shown


def test_no_credentials_are_signed_out() -> None:
    result = authenticated({})
    assert result == SignedOut()
    assert not result.signed_in
    assert (result.status_code, result.www_authenticate) == (401, 'Bearer realm="hexclave"')
    assert result.refusal_headers == {**UNCACHEABLE, "www-authenticate": 'Bearer realm="hexclave"'}


def test_a_refresh_token_alone_is_signed_out_and_returned() -> None:
    result = authenticated({"x-stack-auth": json.dumps({"accessToken": None, "refreshToken": "r"})})
    assert result == SignedOut(source="x-stack-auth", tokens=Tokens(None, "r"))


@pytest.mark.parametrize(
    ("text", "kind", "status", "error"),
    [
        (token(at=0), TokenExpiredError, 401, "invalid_token"),
        (signed({"alg": "ES256", "kid": "normal-key"}, payload(), FOREIGN), TokenSignatureError, 401, "invalid_token"),
        ("a.b.c", MalformedTokenError, 401, "invalid_token"),
        ("stackauth_%", MalformedTokenError, 401, "invalid_token"),
        (token("restricted"), RestrictedUserError, 403, "insufficient_scope"),
        (token("anonymous"), AnonymousUserError, 403, "insufficient_scope"),
    ],
)
def test_bad_tokens_are_invalid_with_a_reason(text: str, kind: type[HexclaveError], status: int, error: str) -> None:
    result = authenticated(bearer(text))
    failure = reason(result, kind)
    assert result.status_code == status
    assert result.www_authenticate == f'Bearer realm="hexclave", error="{error}", error_description="{failure.message}"'
    assert failure.__traceback__ is None
    assert text not in f"{result!r} {failure.explain()}"


def test_anonymous_and_restricted_users_can_be_allowed() -> None:
    assert authenticated(bearer(token("restricted")), allow_restricted=True).signed_in
    assert authenticated(bearer(token("anonymous")), allow_anonymous=True).signed_in
    assert authenticated(bearer(token("restricted")), allow_anonymous=True).signed_in


def test_a_client_app_can_verify_tokens() -> None:
    assert authenticated(bearer(token()), access="client").signed_in


def test_a_failure_to_fetch_the_keys_is_raised() -> None:
    api = Api()
    api.failure = reply(500)
    with pytest.raises(ServerError):
        authenticated(bearer(token()), api)


@pytest.mark.parametrize(
    "options",
    [{"mode": "both"}, {"mode": None}, {"api_keys": "user"}, {"api_keys": {"club"}}, {"api_keys": [["user"]]}],
)
def test_options_are_checked(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(UnsafeUseError, match=f"^{name}"):
        authenticated({}, **options)


def test_an_invalid_request_object_is_refused_without_showing_it() -> None:
    text = token()
    try:
        authenticated({"authorization": f"Bearer {text}", "x-api-key": 7})
    except UnsafeUseError as error:
        for frame in traceback.TracebackException.from_exception(error, capture_locals=True).stack:
            if "hexclave/" in frame.filename:
                assert text not in str(frame.locals)
    else:
        pytest.fail("a number is no header")


# With the API


def test_the_api_is_asked_for_the_user_as_of_now() -> None:
    api = Api(users__me=reply(200, user()))
    text = token(at=0)
    result = authenticated(bearer(text), api, mode="api")
    assert isinstance(result, SignedIn)
    assert result.user is not None
    assert (result.user_id, result.user.display_name, result.claims) == ("user-1", "Ada", None)
    assert not api.requests
    (request,) = api.asked
    assert request.headers[HEADERS["access_token"]] == text
    assert HEADERS["secret_server_key"] in request.headers
    assert HEADERS["refresh_token"] not in request.headers


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (None, None)),
        ({"allow_restricted": True}, ("true", None)),
        ({"allow_anonymous": True}, ("true", "true")),
    ],
)
@pytest.mark.parametrize("of_app", [True, False])
def test_the_api_lets_in_whom_the_call_admits_not_the_app(
    options: dict[str, bool], expected: Any, of_app: bool
) -> None:
    app = App(Api(users__me=reply(200, user())), allow_anonymous=of_app)
    Verifier(app).authenticate(bearer(token()), mode="api", **options)
    headers = app.server.asked[0].headers
    assert (headers.get(HEADERS["allow_restricted"]), headers.get(HEADERS["allow_anonymous"])) == expected


@pytest.mark.parametrize(
    ("answer", "kind", "status"),
    [
        (known_error(401, "ACCESS_TOKEN_EXPIRED"), AccessTokenExpired, 401),
        (known_error(401, "ANONYMOUS_AUTHENTICATION_NOT_ALLOWED"), AnonymousAuthenticationNotAllowed, 403),
        (known_error(403, "RESTRICTED_USER_NOT_ALLOWED"), RestrictedUserNotAllowed, 403),
        (known_error(400, "CANNOT_GET_OWN_USER_WITHOUT_USER"), CannotGetOwnUserWithoutUser, 401),
    ],
)
def test_the_apis_error_for_the_token_is_the_reason(answer: Reply, kind: type[HexclaveError], status: int) -> None:
    result = authenticated(bearer(token()), Api(users__me=answer), mode="api")
    reason(result, kind)
    assert result.status_code == status


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (known_error(401, "INVALID_SECRET_SERVER_KEY"), HexclaveError),
        (reply(500), ServerError),
        (reply(200, {}), UnreadableReplyError),
        (reply(200, user(id=None)), UnreadableReplyError),
        (reply(200, user(id="")), UnreadableReplyError),
    ],
)
def test_other_failures_of_the_api_are_raised_and_refuse_access(answer: Reply, kind: type[HexclaveError]) -> None:
    with pytest.raises(kind):
        authenticated(bearer(token()), Api(users__me=answer), mode="api")


def test_a_text_that_no_header_can_carry_never_reaches_the_api() -> None:
    api = Api()
    reason(authenticated(bearer("a.b.c d"), api, mode="api"), MalformedTokenError)
    assert not api.asked


def test_asking_the_api_needs_the_server_key() -> None:
    with pytest.raises(UnsafeUseError, match="server"):
        authenticated(bearer(token()), mode="api", access="client")


# API keys


def key_of(owner: str) -> Reply:
    return reply(
        200, {"id": "key-1", "type": owner, f"{owner}_id": f"{owner}-1", "description": "CI", "is_public": False}
    )


@pytest.mark.parametrize("headers", [{"x-api-key": USER_KEY}, bearer(USER_KEY)])
def test_a_users_key_signs_in(headers: dict[str, str]) -> None:
    api = Api(user_api_keys__check=key_of("user"), users__user_1=reply(200, user()))
    result = authenticated(headers, api, api_keys={"user"})
    assert isinstance(result, SignedIn)
    assert result.user is not None
    assert result.api_key is not None
    assert (result.user_id, result.user.display_name, result.api_key.id) == ("user-1", "Ada", "key-1")
    assert (result.claims, result.tokens) == (None, None)
    assert json.loads(api.asked[0].content or b"") == {"api_key": USER_KEY}
    assert not any(HEADERS["access_token"] in request.headers for request in api.asked)


def test_a_teams_key_stands_for_the_team_and_signs_no_user_in() -> None:
    api = Api(team_api_keys__check=key_of("team"))
    result = authenticated({"x-api-key": TEAM_KEY}, api, api_keys={"user", "team"})
    assert isinstance(result, AuthenticatedTeam)
    assert (result.team_id, result.signed_in, result.status_code) == ("team-1", False, 403)
    assert "insufficient_scope" in result.www_authenticate


@pytest.mark.parametrize(("key", "admitted"), [(USER_KEY, {"team"}), (TEAM_KEY, {"user"})])
def test_a_key_of_the_wrong_kind_is_refused_without_asking(key: str, admitted: set[Any]) -> None:
    api = Api()
    reason(authenticated({"x-api-key": key}, api, api_keys=admitted), InvalidApiKeyError)
    assert not api.asked


def test_a_mistyped_key_is_refused_without_asking() -> None:
    api = Api()
    wrong = USER_KEY.replace("m", "n", 1)
    failure = reason(authenticated({"x-api-key": wrong}, api, api_keys={"user"}), InvalidApiKeyError)
    assert "checksum" in failure.message
    assert not api.asked


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (known_error(401, "API_KEY_EXPIRED"), ApiKeyExpired),
        (known_error(404, "API_KEY_NOT_FOUND"), ApiKeyNotFound),
    ],
)
def test_the_apis_error_for_the_key_is_the_reason(answer: Reply, kind: type[HexclaveError]) -> None:
    reason(authenticated({"x-api-key": USER_KEY}, Api(user_api_keys__check=answer), api_keys={"user"}), kind)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(200, user(is_restricted=True)), RestrictedUserError),
        (reply(200, user(is_restricted=True, is_anonymous=True)), AnonymousUserError),
        (known_error(404, "USER_NOT_FOUND"), UserNotFound),
    ],
)
def test_the_keys_user_must_be_admitted(answer: Reply, kind: type[HexclaveError]) -> None:
    api = Api(user_api_keys__check=key_of("user"), users__user_1=answer)
    reason(authenticated({"x-api-key": USER_KEY}, api, api_keys={"user"}), kind)


def test_a_key_without_an_owner_is_refused() -> None:
    for api in (
        Api(user_api_keys__check=reply(200, {})),
        Api(user_api_keys__check=key_of("user"), users__user_1=reply(200, {})),
    ):
        with pytest.raises(UnreadableReplyError):
            authenticated({"x-api-key": USER_KEY}, api, api_keys={"user"})
    with pytest.raises(UnreadableReplyError):
        authenticated({"x-api-key": TEAM_KEY}, Api(team_api_keys__check=reply(200, {})), api_keys={"team"})


# WWW-Authenticate


@pytest.mark.parametrize(
    "message", ['say "hi"', "back\\slash", "line\nbreak", "tab\t", "\u00fcber", "x" * 5000, "\x7f\x00", "\ud800"]
)
def test_the_challenge_is_a_header_whatever_the_reason_says(message: str) -> None:
    challenge = InvalidCredentials(reason=HexclaveError(message)).www_authenticate
    assert re.fullmatch(r'Bearer realm="hexclave", error="invalid_token", error_description="[ !#-\[\]-~]*"', challenge)
    assert len(challenge) < 400

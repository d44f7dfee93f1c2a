"""Data, text, masking and pickling of errors."""

import copy
import pickle
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexclave import errors
from hexclave.errors import (
    AccessTokenExpired,
    AllOverloadsFailed,
    EmailCapacityBoostAlreadyActive,
    HexclaveError,
    InsufficientAccessType,
    MultiFactorAuthenticationRequired,
    NotFoundError,
    PasswordTooLong,
    PasswordTooShort,
    RateLimitError,
    RefreshTokenNotFoundOrExpired,
    RestrictedUserNotAllowed,
    SchemaError,
    ServerError,
    SessionExpired,
    TeamNotFound,
    UnsafeUseError,
    UserNotFound,
    UserWithEmailAlreadyExists,
)
from hexclave_api.error_text import one_line, safe_text
from hexclave_api.secret import Secret, hidden

CLASSES: list[type[HexclaveError]] = [
    kind
    for name in errors.__all__
    if isinstance(kind := getattr(errors, name), type) and issubclass(kind, HexclaveError)
]
FACTS: dict[str, Any] = {
    "status": 418,
    "code": "SOME_CODE",
    "details": {"team_id": "t", "nested": {"list": [1, None]}},
    "request_id": "req123",
    "method": "PATCH",
    "path": "/users/abc",
    "attempts": 3,
    "retry_after": 2.5,
}


class Outage(ServerError):
    """An application's error class, outside the SDK."""


def test_a_bare_error_has_only_its_message() -> None:
    error = HexclaveError("Something is wrong.")
    assert str(error) == "Something is wrong."
    assert repr(error) == "HexclaveError('Something is wrong.')"
    assert error.explain() == "HexclaveError: Something is wrong."
    assert (error.status, error.code, error.request_id, error.method, error.path) == (None,) * 5
    assert (error.details, error.attempts, error.retry_after) == ({}, 0, None)


def test_a_known_error_brings_its_code_and_status() -> None:
    error = UserNotFound("No such user.")
    assert (error.code, error.status) == ("USER_NOT_FOUND", 404)


def test_the_status_of_the_reply_counts_more_than_the_usual_one() -> None:
    assert UserNotFound("No such user.", status=400).status == 400


def test_str_is_one_line_with_everything_needed_to_find_the_request() -> None:
    error = NotFoundError("Not\nthere.", **FACTS)
    assert str(error) == "Not there. (418 SOME_CODE, PATCH /users/abc after 3 attempts, request id req123)"


def test_repr_names_class_and_facts_but_no_details() -> None:
    assert repr(UserNotFound("No such user.", **FACTS)) == (
        "UserNotFound('No such user.', status=418, code='SOME_CODE', method='PATCH', path='/users/abc', "
        "request_id='req123', attempts=3, retry_after=2.5)"
    )


def test_explain_says_what_happened_to_which_request_and_what_to_do() -> None:
    error = PasswordTooShort(
        "Too short.\nReally.", method="POST", path="/auth/password/sign-up", details={"min_length": 8}, retry_after=0.0
    )
    error.add_note("Tried with two passwords.")
    assert error.explain() == (
        "PasswordTooShort: Too short.\n"
        "  Really.\n"
        "  request: POST /auth/password/sign-up\n"
        "  reply: 400 PASSWORD_TOO_SHORT\n"
        "  min_length: 8\n"
        "  retry after: 0 s\n"
        "  note: Tried with two passwords.\n"
        "  what to do: Correct the request; retrying it unchanged will fail again."
    )


def test_explain_does_not_repeat_a_detail_that_the_message_holds() -> None:
    assert "reason" not in SchemaError("body.x is unknown", details={"message": "body.x is unknown"}).explain()


def test_explain_does_not_show_a_secret_detail_whatever_it_looks_like() -> None:
    error = MultiFactorAuthenticationRequired("One more factor.", details={"attempt_code": "short"})
    assert error.attempt_code == Secret("short")
    assert error.details == {"attempt_code": Secret("short")}
    shown = f"{error}{error!r}{error.explain()}{vars(error)}{pickle.dumps(error)!r}"
    assert "short" not in shown


def test_a_hint_of_the_error_itself_counts_more_than_that_of_its_family() -> None:
    assert MultiFactorAuthenticationRequired.hint.startswith("Continue with `attempt_code`")
    assert UserNotFound.hint == NotFoundError.hint
    assert errors.AccessTokenExpired.hint == errors.InvalidAccessToken.hint != errors.AuthenticationError.hint


@pytest.mark.parametrize(
    ("error", "values"),
    [
        (PasswordTooShort("", details={"min_length": 8}), {"min_length": 8}),
        (PasswordTooShort("", details={"min_length": 8.0}), {"min_length": 8}),
        (PasswordTooLong("", details={"maxLength": 70}), {"max_length": 70}),
        (
            UserWithEmailAlreadyExists(
                "", details={"email": "a@example.com", "would_work_if_email_was_verified": False}
            ),
            {"email": "a@example.com", "would_work_if_email_was_verified": False},
        ),
        (
            InsufficientAccessType("", details={"actual_access_type": "client", "allowed_access_types": ["server"]}),
            {"actual_access_type": "client", "allowed_access_types": ["server"]},
        ),
        (
            AllOverloadsFailed("", details={"overload_errors": [{"code": "SCHEMA_ERROR"}]}),
            {"overload_errors": [{"code": "SCHEMA_ERROR"}]},
        ),
        (
            RestrictedUserNotAllowed("", details={"restricted_reason": {"type": "anonymous", "more": 1}}),
            {"restricted_reason": {"type": "anonymous"}},
        ),
        (
            AccessTokenExpired("", details={"expired_at_millis": 1_700_000_000_123, "user_id": None}),
            {
                "expired_at_millis": 1_700_000_000_123,
                "expired_at": datetime(2023, 11, 14, 22, 13, 20, 123000, UTC),
                "user_id": None,
                "project_id": None,
            },
        ),
        (
            EmailCapacityBoostAlreadyActive("", details={"expires_at": "2026-11-24T07:57:41.663Z"}),
            {"expires_at": datetime(2026, 11, 24, 7, 57, 41, 663000, UTC)},
        ),
        (
            EmailCapacityBoostAlreadyActive("", details={"expires_at": "2026-11-24T07:57:41"}),
            {"expires_at": datetime(2026, 11, 24, 7, 57, 41, tzinfo=UTC)},
        ),
    ],
)
def test_details_are_typed_attributes(error: HexclaveError, values: dict[str, object]) -> None:
    found = {name: getattr(error, name) for name in values}
    assert found == values
    assert [type(value) for value in found.values()] == [type(value) for value in values.values()]


@pytest.mark.parametrize(
    ("kind", "key", "attribute", "values"),
    [
        (
            AccessTokenExpired,
            "expired_at_millis",
            "expired_at",
            [None, "soon", True, 1e31, float("inf"), -(10**30), {}],
        ),
        (EmailCapacityBoostAlreadyActive, "expires_at", "expires_at", [None, "soon", "", [], float("nan")]),
        (PasswordTooShort, "min_length", "min_length", [None, True, "8", 8.5, float("nan"), [8]]),
        (InsufficientAccessType, "allowed_access_types", "allowed_access_types", [None, "server", [1], {}]),
        (AllOverloadsFailed, "overload_errors", "overload_errors", [None, {}, ["x"], [{}, None]]),
        (RestrictedUserNotAllowed, "restricted_reason", "restricted_reason", [None, "anonymous", {}, {"type": 1}]),
        (
            UserWithEmailAlreadyExists,
            "would_work_if_email_was_verified",
            "would_work_if_email_was_verified",
            [1, "true"],
        ),
        (TeamNotFound, "team_id", "team_id", [None, 5, ["t"]]),
    ],
)
def test_a_detail_that_is_missing_or_of_another_type_is_none(
    kind: type[HexclaveError], key: str, attribute: str, values: list[Any]
) -> None:
    assert getattr(kind(""), attribute) is None
    for value in values:
        assert getattr(kind("", details={key: value}), attribute) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("type"), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.sampled_from([kind for kind in CLASSES if kind._detail_names]), st.data())
def test_a_detail_of_another_type_is_none_and_stays_in_details(kind: type[HexclaveError], data: st.DataObject) -> None:
    """Each attribute has its type or is `None`, and `details` contains what was sent."""
    keys = [getattr(kind, name).key for name in kind._detail_names]
    details = data.draw(st.dictionaries(st.sampled_from(keys), JSON))
    error = kind("text", details=details)
    for name in kind._detail_names:
        value, declared = getattr(error, name), getattr(kind, name).kind
        assert value is None or type(value) is {"RestrictedReason": dict}.get(
            declared.__name__, getattr(declared, "__origin__", declared)
        )
    assert error.details.keys() == details.keys()
    assert all(error.details[key] in (details[key], hidden(details[key])) for key in details)
    assert error.explain()


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("via", ["pickle", "copy", "deepcopy"])
def test_every_error_survives_being_copied_and_pickled(kind: type[HexclaveError], via: str) -> None:
    error = kind("Something is wrong.", **FACTS)
    error.add_note("Tried twice.")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1) if via == "pickle" else (0,):
        twin = pickle.loads(pickle.dumps(error, protocol)) if via == "pickle" else getattr(copy, via)(error)
        assert type(twin) is kind
        assert vars(twin) == vars(error)
        assert (str(twin), repr(twin), twin.explain(), twin.args) == (
            str(error),
            repr(error),
            error.explain(),
            error.args,
        )


def test_an_error_class_of_an_application_survives_it_too() -> None:
    twin = pickle.loads(pickle.dumps(Outage("Down.", status=503)))
    assert (type(twin), twin.status, Outage.__module__) == (Outage, 503, __name__)


def test_a_note_on_a_copy_does_not_reach_the_original() -> None:
    error = UserNotFound("No such user.")
    error.add_note("first")
    copy.copy(error).add_note("second")
    assert error.__notes__ == ["first"]


def test_session_expired_is_the_refresh_error_with_all_its_facts() -> None:
    refused = RefreshTokenNotFoundOrExpired(
        "Unknown.", status=401, request_id="r", method="POST", path="/x", attempts=1
    )
    refused.add_note("Asked once.")
    expired = SessionExpired.of(refused)
    assert isinstance(expired, RefreshTokenNotFoundOrExpired)
    assert vars(expired) == vars(refused)
    expired.add_note("more")
    assert refused.__notes__ == ["Asked once."]


def test_misuse_is_also_a_value_error() -> None:
    with pytest.raises(ValueError, match="wrong slot"):
        raise UnsafeUseError("The key is in the wrong slot.")


def test_only_without_a_connection_is_it_sure_that_nothing_arrived() -> None:
    assert errors.TransportError("").sent
    assert errors.ReadTimeout("").sent
    assert not errors.ConnectTimeout("").sent
    refused = errors.APIConnectionError("Refused.")
    assert refused.sent
    refused.sent = False
    assert not pickle.loads(pickle.dumps(refused)).sent


def test_limits_of_a_rate_limit_error_are_unknown_until_the_server_says_them() -> None:
    error = RateLimitError("Too many.")
    assert (error.limit, error.remaining, error.reset, error.status) == (None, None, None, 429)
    error.limit, error.remaining, error.reset = 100, 0, 1.5
    twin = pickle.loads(pickle.dumps(error))
    assert (twin.limit, twin.remaining, twin.reset) == (100, 0, 1.5)


KEY = "0123456789abcdefghjkmnpqrstvwxyz0123456789abc"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"key pck_{KEY}.", "key pck_…."),
        (f"key 'ssk_{KEY}'", "key 'ssk_…'"),
        (f"sak_{KEY}", "sak_…"),
        (f"sk_{KEY}{'0' * 32}user0574ck4u7h38725c67 is revoked", "sk_… is revoked"),
        (f"pk_{KEY}", "pk_…"),
        ("whsec_c2VjcmV0/c2Vj+cmV0==", "whsec_…"),
        (f"myapp_{KEY}{'0' * 32}user0574ck4u7h38725c67", "…"),
        (f"token={KEY}&x=1", "token=…&x=1"),
        ("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln-bmF0dXJl_x", "…"),
        ("Bearer hexclave_eyJhY2Nlc3NUb2tlbiI6ImEifQ", "Bearer hexclave_…"),
        ("ssk_short", "ssk_…"),
    ],
)
def test_keys_and_tokens_are_masked(text: str, shown: str) -> None:
    assert safe_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "User 3291917f-fffe-4e1a-9c4f-64c2405e12db is not in team 49b18fa0-ce32-404e-9782-281b0c391015.",
        "oauth-2d904d6d@example.com",
        "user-3291917f-fffe-4e1a-9c4f-64c2405e12db",
        "OAUTH_EXTRA_SCOPE_NOT_AVAILABLE_WITH_SHARED_OAUTH_KEYS",
        "see https://docs.example.com/rest-api/overview#authentication and /api/v1/payments/products/user",
        "hexclave_api.operation, HEXCLAVE_SECRET_SERVER_KEY, a risk_level and a task_list",
        "request id 7k2m9x4c1v8b5n3q",
    ],
)
def test_other_values_are_left_unchanged(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize("before", [0, 1, 280, 299, 300, 560, 599, 600, 1990, 2000, 3950, 3990, 3999, 4000])
@pytest.mark.parametrize("secret", [f"ssk_{KEY}", KEY, f"eyJhbGciOiJFUzI1NiJ9.{KEY}.{KEY}"])
def test_a_secret_is_not_uncovered_by_cutting_the_text(before: int, secret: str) -> None:
    error = HexclaveError("word " * (before // 5) + " " * (before % 5) + secret + " tail" * 2000)
    for text in (error.message, str(error), repr(error), error.explain()):
        assert secret[:10] not in text
        assert len(text) < 2100


def test_a_cut_secret_stays_hidden_when_masking_has_made_room_for_it() -> None:
    jwt = "eyJ" + "a1" * 1983
    assert safe_text(f"{jwt} {KEY} and more") == "… …"


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\u202e", "\ud800", "\x00", "\r", "\u2028"])
def test_characters_that_would_disturb_a_terminal_or_a_log_are_replaced(hostile: str) -> None:
    error = HexclaveError(f"a{hostile}b", method="GET", path=f"/{hostile}", code=hostile)
    for text in (error.message, str(error), repr(error), error.explain()):
        assert hostile not in text
        text.encode()


@settings(deadline=None)
@given(
    st.text()
    | st.lists(st.sampled_from([KEY, "ssk_", "eyJ", ".", "-", "_", "=", " ", "\n", "…", "a1", "Z"])).map("".join)
)
def test_making_text_safe_twice_changes_nothing(text: str) -> None:
    for made in (safe_text, one_line):
        for limit in (50, 2000):
            once = made(text, limit)
            assert made(once, limit) == once
            assert len(once) <= limit
    assert "\n" not in one_line(text)


def test_a_traceback_shows_the_public_class_and_the_safe_text() -> None:
    lines = traceback.format_exception_only(UserNotFound(f"No user for ssk_{KEY}."))
    assert lines == ["hexclave.errors.UserNotFound: No user for ssk_…. (404 USER_NOT_FOUND)\n"]

"""Sign-up rules."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave_api.operations.sign_up_rules import get_sign_up_rule_stats, try_sign_up_rules
from hexclave_emulator.domains.conditions import Unreadable, holds
from tests.emulator.asking import Asker, code
from tests.emulator.performing import Cast

NAMES = {"email": "ada@example.com", "emailDomain": "example.com", "riskScores": {"bot": 7.0}, "tags": ["a"]}


def rule(condition: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"displayName": kind, "condition": condition, "action": {"type": kind, "message": "No."}, **fields}


def sign_up(ask: Asker, email: str) -> Any:
    body = {"email": email, "password": "correct horse", "verification_callback_url": "http://localhost:3000/verify"}
    return ask.client("POST", "/auth/password/sign-up", body)


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ('emailDomain == "example.com"', True),
        ('emailDomain != "example.com"', False),
        ('email.endsWith(".org") || email.startsWith("ada")', True),
        ('email.contains("@") && !(email.matches("^bob"))', True),
        ("emailDomain in [\"example.org\", 'example.com']", True),
        ("riskScores.bot >= 7", True),
        ("riskScores.bot > 7", False),
        ("true", True),
        ("!true || false", False),
        ('"a\\"b" == "a\\"b"', True),
    ],
)
def test_conditions(condition: str, value: bool) -> None:
    """Comparing, combining, calling the methods of texts."""
    assert holds(condition, NAMES) is value


@pytest.mark.parametrize(
    "condition",
    [
        *("", "email", "nothing == 1", "email ==", 'email.reverse("x")', "email > 5", "(true", "true true", "#", "1.x"),
        'email.matches("[")',
        "!" * 100 + "true",
        "[" * 100,
        '"x" ' * 2000,
    ],
)
def test_unreadable_conditions(condition: str) -> None:
    """Are distinguished from false ones."""
    with pytest.raises(Unreadable):
        holds(condition, NAMES)


@given(st.text(alphabet="email.riskScores botin\"'()[]!&|=<>,0 1", max_size=60))
def test_any_condition_is_true_false_or_unreadable(condition: str) -> None:
    """Nothing else happens."""
    with suppress(Unreadable):
        assert holds(condition, NAMES) in (True, False)


def test_the_first_rule_by_priority_decides(cast: Cast) -> None:
    """Higher priorities come first; the others are reported as well."""
    cast.settings(
        auth__signUpRules={
            "low": rule("true", "reject", priority=1),
            "high": rule('emailDomain == "example.com"', "allow", priority=2),
            "off": rule("true", "reject", enabled=False, priority=9),
            "bad": rule("nonsense", "reject", priority=8),
            "empty": rule("", "log", priority=7),
        }
    )
    ask: dict[str, Any] = {"auth_method": "password", "oauth_provider": None, "country_code": None}
    found = cast.admin(try_sign_up_rules(email="ada@example.com", **ask))
    assert (found.outcome.decision, found.outcome.decision_rule_id) == ("allow", "high")
    assert [(each.rule_id, each.status) for each in found.evaluations] == [
        ("off", "disabled"),
        ("bad", "error"),
        ("empty", "missing_condition"),
        ("high", "matched"),
        ("low", "matched"),
    ]
    other = cast.admin(try_sign_up_rules(email="ada@example.net", **ask))
    assert (other.outcome.should_allow, other.outcome.decision_rule_id) == (False, "low")


def test_rules_decide_over_sign_ups(cast: Cast, ask: Asker) -> None:
    """A rejected sign-up creates no user; the statistics count it."""
    cast.settings(auth__signUpRules={"no": rule('emailDomain == "example.net"', "reject")})
    refused = sign_up(ask, "eve@example.net")
    assert (refused.status, code(refused)) == (403, "SIGN_UP_REJECTED")
    assert "sign-up rule" in refused.json()["details"]["message"]
    assert b"No." not in refused.content, "the rule's own message is for the owners of the project"
    assert ask.server("GET", "/users").json()["items"] == []
    assert sign_up(ask, "ada@example.com").status == 200
    stats = cast.admin(get_sign_up_rule_stats())
    assert (stats.total_triggers, stats.triggers_by_action.reject) == (1, 1)
    assert [(each.rule_id, each.total_count) for each in stats.rule_triggers] == [("no", 1)]
    cast.ask.emulator.clock.advance(49 * 3600)
    assert cast.admin(get_sign_up_rule_stats()).total_triggers == 0


def test_a_rule_may_restrict(cast: Cast, ask: Asker) -> None:
    """The user exists, but may not use the project yet."""
    cast.settings(auth__signUpRules={"careful": rule('authMethod == "password"', "restrict")})
    sign_up(ask, "ada@example.com")
    [user] = ask.server("GET", "/users?include_restricted=true").json()["items"]
    assert user["restricted_by_admin"]


def test_the_default_may_be_no(cast: Cast, ask: Asker) -> None:
    """Then only sign-ups that a rule allows succeed."""
    cast.settings(
        auth__signUpRulesDefaultAction="reject", auth__signUpRules={"in": rule('email.startsWith("ada")', "allow")}
    )
    assert code(sign_up(ask, "eve@example.com")) == "SIGN_UP_REJECTED"
    assert sign_up(ask, "ada@example.com").status == 200

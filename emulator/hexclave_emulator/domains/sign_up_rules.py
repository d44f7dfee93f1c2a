"""Sign-up rules, which are settings of the project, and a record of their decisions."""

from typing import Any, Final

import attrs

from hexclave_emulator.domains.conditions import Unreadable, holds
from hexclave_emulator.domains.projects import Project, project_setting
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

_NO_RISK: Final[JsonObject] = {"bot": 0, "free_trial_abuse": 0}


@attrs.frozen(kw_only=True)
class RuleTrigger:
    """A sign-up that a rule matched."""

    id: str
    project_id: str
    rule_id: str
    action: str
    at_millis: int


TRIGGERS: Final = table("sign_up_rule_triggers", RuleTrigger, indexes=("project_id",))


@attrs.frozen
class Verdict:
    """The decision of the rules on one sign-up."""

    evaluations: list[JsonObject]
    decision: str
    """`allow`, `reject`, `default-allow` or `default-reject`."""
    rule_id: str | None
    """The rule that decided."""
    restricting_rule_id: str | None
    """The rule for which the user will be restricted."""
    message: str | None

    @property
    def is_allowed(self) -> bool:
        return self.decision.endswith("allow")


def sign_up_context(
    *,
    email: str | None,
    auth_method: str,
    oauth_provider: str | None = None,
    country_code: str | None = None,
    turnstile_result: str = "invalid",
    risk_scores: JsonObject | None = None,
) -> JsonObject:
    """Return the variables for conditions; unknown values are empty texts."""
    return {
        "email": email or "",
        "email_domain": (email or "").rpartition("@")[2],
        "country_code": country_code or "",
        "auth_method": auth_method,
        "oauth_provider": oauth_provider or "",
        "turnstile_result": turnstile_result,
        "risk_scores": risk_scores or _NO_RISK,
    }


def judged(project: Project, context: JsonObject) -> Verdict:
    """Evaluate the project's rules for a sign-up; the highest priority comes first."""
    rules: JsonObject = project_setting(project, "auth.signUpRules") or {}
    ordered = sorted(rules.items(), key=lambda item: -item[1].get("priority", 0))
    evaluations = [_evaluation(rule_id, rule, context) for rule_id, rule in ordered]
    matched = [each for each in evaluations if each["status"] == "matched"]
    deciding = next((each for each in matched if each["action"]["type"] in ("allow", "reject")), None)
    restricting = next((each for each in matched if each["action"]["type"] == "restrict"), None)
    default = project_setting(project, "auth.signUpRulesDefaultAction") or "allow"
    return Verdict(
        evaluations,
        deciding["action"]["type"] if deciding else f"default-{default}",
        deciding["rule_id"] if deciding else None,
        restricting["rule_id"] if restricting else None,
        deciding["action"].get("message") if deciding else None,
    )


def _remember(state: State, project: Project, verdict: Verdict, now: int) -> None:
    """Record the rules that matched, for the statistics."""
    for each in verdict.evaluations:
        if each["status"] == "matched":
            state[TRIGGERS].insert(
                RuleTrigger(
                    id=new_id(),
                    project_id=project.id,
                    rule_id=each["rule_id"],
                    action=each["action"]["type"],
                    at_millis=now,
                )
            )


def _evaluation(rule_id: str, rule: JsonObject, context: JsonObject) -> JsonObject:
    action = rule.get("action") or {}
    view: JsonObject = {
        "rule_id": rule_id,
        "display_name": rule.get("displayName", ""),
        "enabled": rule.get("enabled", True),
        "condition": rule.get("condition", ""),
        "status": "not_matched",
        "action": {"type": action.get("type", "allow")},
    }
    if "message" in action:
        view["action"]["message"] = action["message"]
    if not view["enabled"]:
        return view | {"status": "disabled"}
    if not view["condition"].strip():
        return view | {"status": "missing_condition"}
    try:
        return view | {"status": "matched" if holds(view["condition"], _names(context)) else "not_matched"}
    except Unreadable as error:
        return view | {"status": "error", "error": str(error)}


def _names(context: JsonObject) -> JsonObject:
    """Return the context with names in both spellings: `email_domain`, `emailDomain`."""
    found: JsonObject = dict(context)
    for name, value in context.items():
        first, *others = name.split("_")
        inner: Any = _names(value) if isinstance(value, dict) else value
        found[name] = found[first + "".join(word.capitalize() for word in others)] = inner
    return found


def admitted(state: State, project: Project, context: JsonObject, now: int) -> bool:
    """Apply the rules to a sign-up; return true if the user is restricted.

    Raises:
        Refusal: SIGN_UP_REJECTED.
    """
    verdict = judged(project, context)
    _remember(state, project, verdict, now)
    if not verdict.is_allowed:
        # The rule's own message is for the project's owners only: it would help users to bypass the rule.
        message = "Your sign up was rejected by an administrator's sign-up rule."
        raise known("SIGN_UP_REJECTED", message, message=message).keeping()
    return verdict.restricting_rule_id is not None

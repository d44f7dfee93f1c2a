"""`/internal/sign-up-rules-…`: test the sign-up rules, and count their decisions."""

from datetime import UTC, datetime
from typing import Final

from hexclave_emulator.domains.sign_up_rules import TRIGGERS, judged, sign_up_context
from hexclave_emulator.messages.exchange import Reply, ok
from hexclave_emulator.routing.routes import ADMIN, Request, route
from hexclave_emulator.state.tables import State

_HOUR: Final = 3600 * 1000
_STATS_HOURS: Final = 48


@route("POST", "/internal/sign-up-rules-test", access=ADMIN)
def try_rules(request: Request, _state: State) -> Reply:
    context = sign_up_context(**request.body)
    verdict = judged(request.project, context)
    outcome = {
        "should_allow": verdict.is_allowed,
        "decision": verdict.decision,
        "decision_rule_id": verdict.rule_id,
        "restricted_because_of_rule_id": verdict.restricting_rule_id,
    }
    return ok({"context": context, "evaluations": verdict.evaluations, "outcome": outcome})


@route("GET", "/internal/sign-up-rules-stats", access=ADMIN)
def get_rule_stats(request: Request, state: State) -> Reply:
    since = request.now - _STATS_HOURS * _HOUR
    found = [each for each in state[TRIGGERS].where(project_id=request.project.id) if each.at_millis > since]
    by_rule: dict[str, dict[int, int]] = {}
    for each in found:
        hours = by_rule.setdefault(each.rule_id, {})
        hours[each.at_millis // _HOUR] = hours.get(each.at_millis // _HOUR, 0) + 1
    actions = {name: sum(1 for each in found if each.action == name) for name in ("allow", "reject", "restrict", "log")}
    return ok(
        {
            "rule_triggers": [
                {
                    "rule_id": rule_id,
                    "total_count": sum(hours.values()),
                    "hourly_counts": [{"hour": _hour(hour), "count": count} for hour, count in sorted(hours.items())],
                }
                for rule_id, hours in by_rule.items()
            ],
            "analytics_hours": _STATS_HOURS,
            "total_triggers": len(found),
            "triggers_by_action": actions,
        }
    )


def _hour(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3600, UTC).strftime("%Y-%m-%dT%H:00:00.000Z")

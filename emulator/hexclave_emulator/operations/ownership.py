"""Ownership of projects: transfers, limits of the owner's plan, and users affected by stricter rules."""

from datetime import UTC, datetime
from typing import Final

import attrs

from hexclave_emulator.checking.rules import UUID, between
from hexclave_emulator.domains.access import INTERNAL
from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.outbox import OUTBOX
from hexclave_emulator.domains.permissions import check_member, check_team_permission
from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.domains.settings import rendered
from hexclave_emulator.domains.teams import MEMBERSHIPS, TEAMS
from hexclave_emulator.domains.users import USERS, restricted_reason
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.operations.analytics import EVENTS
from hexclave_emulator.routing.routes import ADMIN, CLIENT, Request, route
from hexclave_emulator.state.tables import State

_PLAN: Final = ("free", "Free", "team")
_LIMITS: Final = {"users": 10_000, "emails": 1_000, "analytics_events": 100_000, "dashboard_admins": 1}


@route("POST", "/internal/projects/transfer", access=CLIENT, rules={"body.new_team_id": UUID})
def transfer_project(request: Request, state: State) -> Reply:
    if request.project.id != INTERNAL:
        raise known("EXPECTED_INTERNAL_PROJECT")
    project_id, team_id, user = request.body["project_id"], request.body["new_team_id"], request.user
    moved = state[PROJECTS].get(project_id)
    if moved is None or moved.owner_team_id is None:
        raise known("PROJECT_NOT_FOUND", project_id=project_id)
    check_team_permission(state, request.project, moved.owner_team_id, user.id, "team_admin")
    check_member(state, request.project, team_id, user.id)
    state[PROJECTS].update(moved, owner_team_id=team_id)
    return ok({"success": "true"})


@route("GET", "/internal/plan-usage", access=ADMIN)
def get_plan_usage(request: Request, state: State) -> Reply:
    project, now = request.project, datetime.fromtimestamp(request.now / 1000, UTC)
    begins = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    ends = begins.replace(year=begins.year + begins.month // 12, month=begins.month % 12 + 1)
    since = int(begins.timestamp() * 1000)
    owner = state[TEAMS].get(project.owner_team_id or "")
    used = {
        "users": len(state[USERS].where(project_id=project.id)),
        "emails": sum(each.created_at_millis >= since for each in state[OUTBOX].where(project_id=project.id)),
        "analytics_events": sum(each.created_at_millis >= since for each in state[EVENTS].where(project_id=project.id)),
        "dashboard_admins": len(state[MEMBERSHIPS].where(team_id=owner.id)) if owner else 0,
    }
    plan_id, plan_name, next_plan = _PLAN
    return ok(
        {
            "owner_team_id": owner.id if owner else "",
            "owner_team_display_name": owner.display_name if owner else "",
            "plan_id": plan_id,
            "plan_display_name": plan_name,
            "period_start_millis": since,
            "period_end_millis": int(ends.timestamp() * 1000),
            "next_plan_id": next_plan,
            "rows": [_row(item_id, used[item_id], limit) for item_id, limit in _LIMITS.items()],
        }
    )


def _row(item_id: str, used: int, limit: int) -> JsonObject:
    return {
        "item_id": item_id,
        "display_name": item_id.replace("_", " ").capitalize(),
        "kind": "metered" if item_id in ("emails", "analytics_events") else "current",
        "used": used,
        "limit": limit,
        "remaining": max(0, limit - used),
        "overage": max(0, used - limit),
        "is_unlimited": False,
    }


@route("POST", "/internal/onboarding/preview-affected-users", access=ADMIN, rules={"query.limit": between(1, 100)})
def preview_restrictions(request: Request, state: State) -> Reply:
    project, wanted = request.project, request.body["onboarding"].get("require_email_verification")
    overrides = dict(project.overrides)
    if wanted is not None:
        changed = {**overrides.get("environment", {}), "onboarding.requireEmailVerification": wanted}
        overrides["environment"] = changed
    stricter = attrs.evolve(project, overrides=overrides, config=rendered(overrides))
    affected: list[JsonObject] = []
    for user in state[USERS].where(project_id=project.id):
        reason = restricted_reason(state, stricter, user)
        if reason is not None and restricted_reason(state, project, user) is None:
            channel = primary_channel(state, user.id)
            affected.append(
                {
                    "id": user.id,
                    "display_name": user.display_name,
                    "primary_email": channel.value if channel else None,
                    "restricted_reason": reason,
                }
            )
    shown = affected[: request.query.get("limit", 10)]
    return ok({"affected_users": shown, "total_affected_count": len(affected)})

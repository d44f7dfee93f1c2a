"""`/internal/metrics`: numbers of a project's users, teams, payments, emails and visitors, computed on request.

Daily figures cover the last 31 days, in UTC.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from hexclave_emulator.domains.access import INTERNAL
from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.intervals import iso
from hexclave_emulator.domains.oauth_accounts import linked_accounts
from hexclave_emulator.domains.outbox import OUTBOX, SIMPLE, deliver_due, newest_first
from hexclave_emulator.domains.purchases import PURCHASES, REFUNDS
from hexclave_emulator.domains.teams import TEAMS
from hexclave_emulator.domains.users import USERS, User, user_view
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.operations.analytics import EVENTS
from hexclave_emulator.operations.session_replays import CHUNKS, REPLAYS
from hexclave_emulator.routing.routes import ADMIN, Request, route
from hexclave_emulator.state.tables import State

_DAY: Final = 24 * 3600 * 1000
_DAYS: Final = 31
_SHOWN: Final = 5
"""Maximum number of users and emails listed."""


@route("GET", "/internal/metrics", access=ADMIN)
def get_metrics(request: Request, state: State) -> Reply:
    project_id, now = request.project.id, request.now
    users = state[USERS].where(project_id=project_id)
    counted = [user for user in users if not user.is_anonymous or request.query.get("include_anonymous")]
    if "filter_country_code" in request.query:
        counted = [user for user in counted if user.country_code == request.query["filter_country_code"]]
    countries = Counter(user.country_code for user in counted if user.country_code is not None)
    by_sign_up = sorted(counted, key=lambda user: user.signed_up_at_millis, reverse=True)
    by_activity = sorted(counted, key=lambda user: user.last_active_at_millis, reverse=True)
    return ok(
        {
            "total_users": len(counted),
            "daily_users": _daily((user.signed_up_at_millis for user in counted), now),
            "daily_active_users": _daily((user.last_active_at_millis for user in counted), now),
            "users_by_country": dict(countries),
            "recently_registered": [
                user_view(state, request.project, user, as_client=False) for user in by_sign_up[:_SHOWN]
            ],
            "recently_active": [
                user_view(state, request.project, user, as_client=False) for user in by_activity[:_SHOWN]
            ],
            "login_methods": _login_methods(state, counted),
            "auth_overview": _auth(state, project_id, users, counted, now),
            "payments_overview": _payments(state, project_id, now),
            "email_overview": _emails(state, project_id, now),
            "analytics_overview": _visits(state, project_id, now),
        }
    )


@route("GET", "/internal/metrics/user-counts", access=ADMIN)
def count_users(request: Request, state: State) -> Reply:
    users = state[USERS].where(project_id=request.project.id)
    return ok({"total_users": len(users), "anonymous_users": sum(1 for user in users if user.is_anonymous)})


@route("GET", "/internal/external-db-sync/status", access=ADMIN)
def get_sync_status(request: Request, _state: State) -> Reply:
    if request.project.id != INTERNAL:
        raise known("EXPECTED_INTERNAL_PROJECT")
    raise plain(501, "The emulator does not sync external databases.")


def _days(now: int) -> list[str]:
    return [iso(now - back * _DAY)[:10] for back in range(_DAYS - 1, -1, -1)]


def _daily(moments: Iterable[int], now: int) -> list[JsonObject]:
    counts = Counter(iso(each)[:10] for each in moments)
    return [{"date": day, "activity": counts[day]} for day in _days(now)]


def _split(new: Iterable[int], active: Iterable[tuple[int, int]], now: int) -> JsonObject:
    """Split the active ones by day into new and retained; without earlier activity, none counts as returning."""
    moments = list(active)
    kept = (last for first, last in moments if iso(first)[:10] != iso(last)[:10])
    return {
        "total": _daily((last for _, last in moments), now),
        "new": _daily(new, now),
        "retained": _daily(kept, now),
        "reactivated": _daily((), now),
    }


def _login_methods(state: State, users: list[User]) -> list[JsonObject]:
    counts: Counter[str] = Counter()
    for user in users:
        counts["password"] += user.password_hash is not None
        counts["otp"] += user.otp_auth_enabled
        counts["passkey"] += user.passkey_auth_enabled
        counts.update(account["id"] for account in linked_accounts(state, user.id))
    return [{"method": method, "count": count} for method, count in counts.items() if count]


def _auth(state: State, project_id: str, users: list[User], counted: list[User], now: int) -> JsonObject:
    channels = [primary_channel(state, user.id) for user in counted]
    verified = sum(1 for channel in channels if channel is not None and channel.is_verified)
    teams = [team.created_at_millis for team in state[TEAMS].where(project_id=project_id)]
    active = [(user.signed_up_at_millis, user.last_active_at_millis) for user in counted]
    return {
        "verified_users": verified,
        "unverified_users": len(counted) - verified,
        "anonymous_users": sum(1 for user in users if user.is_anonymous),
        "total_teams": len(teams),
        "mau": sum(1 for _, last in active if last > now - 30 * _DAY),
        "daily_active_users_split": _split((first for first, _ in active), active, now),
        "daily_active_teams_split": _split(teams, [(each, each) for each in teams], now),
        "total_users_filtered": len(counted),
    }


def _payments(state: State, project_id: str, now: int) -> JsonObject:
    purchases = state[PURCHASES].where(project_id=project_id)
    subscriptions = [each for each in purchases if each.interval]
    active = [each for each in subscriptions if each.is_owned(now)]
    statuses = Counter("active" if each.is_owned(now) else "canceled" for each in subscriptions)
    return {
        "subscriptions_by_status": dict(statuses),
        "active_subscription_count": len(active),
        "total_one_time_purchases": len(purchases) - len(subscriptions),
        "daily_subscriptions": _daily((each.created_at_millis for each in subscriptions), now),
        "revenue_cents": sum(each.paid_cents for each in purchases),
        "mrr_cents": sum(each.paid_cents for each in active if each.interval and each.interval[1] == "month"),
        "total_orders": len(purchases),
        "checkout_conversion_rate": 0,
    }


def _emails(state: State, project_id: str, now: int) -> JsonObject:
    deliver_due(state, project_id, now)
    emails = newest_first(state[OUTBOX].where(project_id=project_id))
    sent = sum(1 for each in emails if each.delivered_at_millis is not None)
    simple = Counter((iso(each.created_at_millis)[:10], SIMPLE[each.status]) for each in emails)
    names = {"ok": "ok", "error": "error", "in_progress": "in-progress"}
    totals = Counter(SIMPLE[each.status] for each in emails)
    return {
        "emails_by_status": dict(Counter(each.status for each in emails)),
        "total_emails": len(emails),
        "daily_emails": _daily((each.created_at_millis for each in emails), now),
        "daily_emails_by_status": [
            {"date": day, **{name: simple[day, status] for name, status in names.items()}} for day in _days(now)
        ],
        "emails_sent": sent,
        "recent_emails": [
            {
                "id": each.id,
                "status": each.status,
                "subject": each.subject or "",
                "created_at_millis": each.created_at_millis,
            }
            for each in emails[:_SHOWN]
        ],
        "deliverability_status": {
            "delivered": sent,
            "bounced": 0,
            "error": totals["error"],
            "in_progress": totals["in-progress"],
        },
        "deliverability_rate": 100 if sent else 0,
        "bounce_rate": 0,
        "click_rate": 0,
    }


def _visits(state: State, project_id: str, now: int) -> JsonObject:
    events = state[EVENTS].where(project_id=project_id)
    views = [each for each in events if each.event_type == "$page-view"]
    first_today = {(iso(each.event_at_millis)[:10], each.user_id): each.event_at_millis for each in views}
    paid = [each for each in state[PURCHASES].where(project_id=project_id) if each.is_paid]
    new: Counter[str] = Counter()
    returned: Counter[str] = Counter()
    for purchase in paid:
        new[iso(purchase.created_at_millis)[:10]] += purchase.paid_cents
    for refund in state[REFUNDS].where(project_id=project_id):
        returned[iso(refund.created_at_millis)[:10]] += refund.amount_cents
    visitors = len({each.user_id for each in views})
    total = sum(each.paid_cents for each in paid)
    recent = {
        each.replay_id for each in state[CHUNKS].where(project_id=project_id) if each.created_at_millis > now - _DAY
    }
    return {
        "daily_page_views": _daily((each.event_at_millis for each in views), now),
        "daily_clicks": _daily((each.event_at_millis for each in events if each.event_type == "$click"), now),
        "daily_visitors": _daily(first_today.values(), now),
        "daily_revenue": [{"date": day, "new_cents": new[day], "refund_cents": returned[day]} for day in _days(now)],
        "total_revenue_cents": total,
        "total_replays": len(state[REPLAYS].where(project_id=project_id)),
        "recent_replays": len(recent),
        "visitors": visitors,
        "avg_session_seconds": 0,
        "online_live": 0,
        "revenue_per_visitor": total / visitors if visitors else 0,
        "top_referrers": [],
        "top_region": None,
    }

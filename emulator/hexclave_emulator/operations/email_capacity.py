"""Number of emails sent, and the rate at which a project may send them."""

from typing import Final

import attrs

from hexclave_emulator.domains.intervals import iso
from hexclave_emulator.domains.outbox import deliver_due, delivered_since
from hexclave_emulator.messages.exchange import Reply, ok
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.routing.routes import SERVER, Request, route
from hexclave_emulator.state.tables import State, table

_HOUR: Final = 3600 * 1000
_SPANS: Final = {"hour": _HOUR, "day": 24 * _HOUR, "week": 7 * 24 * _HOUR, "month": 30 * 24 * _HOUR}
_BOOST_LIFE: Final = 4 * _HOUR
_BOOST: Final = 4


@attrs.frozen(kw_only=True)
class CapacityBoost:
    """A temporary increase of a project's sending rate; its id is the project's."""

    id: str
    project_id: str
    expires_at_millis: int


BOOSTS: Final = table("email_boosts", CapacityBoost)


@route("GET", "/emails/delivery-info", access=SERVER)
def get_delivery_info(request: Request, state: State) -> Reply:
    project_id, now = request.project.id, request.now
    deliver_due(state, project_id, now)
    sent = {name: delivered_since(state, project_id, now - span) for name, span in _SPANS.items()}
    boost = _active_boost(state, project_id, now)
    # Projects that send more have a higher rate.
    rate = sent["month"] * 4 / (_SPANS["month"] / 1000) + 100_000 / 3600
    return ok(
        {
            "stats": {name: {"sent": count, "bounced": 0, "marked_as_spam": 0} for name, count in sent.items()},
            "capacity": {
                "rate_per_second": rate * _BOOST if boost else rate,
                "boost_multiplier": _BOOST if boost else 1,
                "penalty_factor": 1,
                "is_boost_active": boost is not None,
                "boost_expires_at": iso(boost.expires_at_millis) if boost is not None else None,
            },
        }
    )


@route("POST", "/emails/capacity-boost", access=SERVER)
def boost_capacity(request: Request, state: State) -> Reply:
    project_id = request.project.id
    boost = _active_boost(state, project_id, request.now)
    if boost is not None:
        raise known("EMAIL_CAPACITY_BOOST_ALREADY_ACTIVE", expires_at=iso(boost.expires_at_millis))
    state[BOOSTS].delete(project_id)
    expires = request.now + _BOOST_LIFE
    state[BOOSTS].insert(CapacityBoost(id=project_id, project_id=project_id, expires_at_millis=expires))
    return ok({"expires_at": iso(expires)})


def _active_boost(state: State, project_id: str, now: int) -> CapacityBoost | None:
    boost = state[BOOSTS].get(project_id)
    return boost if boost is not None and boost.expires_at_millis > now else None

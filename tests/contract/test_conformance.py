"""The emulator answers recorded requests as the real API did."""

from functools import cache

import attrs
import pytest

from tests.contract.conformance.__main__ import DEFAULT
from tests.contract.conformance.expected import COMPLETE, REASONS
from tests.contract.conformance.recording import Exchange, load
from tests.contract.conformance.replay import Outcome, replay
from tests.contract.conformance.report import details

pytestmark = pytest.mark.skipif(not DEFAULT.is_dir(), reason="the recordings are not part of the repository")


@cache
def recordings() -> dict[str, list[Exchange]]:
    return load(DEFAULT)


@cache
def replayed(scenario: str) -> list[Outcome]:
    library = [exchange for exchanges in recordings().values() for exchange in exchanges]
    return replay(recordings()[scenario], library)


@pytest.mark.parametrize("scenario", COMPLETE)
def test_scenario_is_played_as_recorded(scenario: str) -> None:
    """Every reply of the scenario is the recorded one, or differs for a reason that is written down."""
    unexplained = [
        each for each in replayed(scenario) if each.differences and f"{scenario}#{each.exchange.seq}" not in REASONS
    ]
    assert not unexplained, details({scenario: unexplained})


def test_every_reason_still_holds() -> None:
    """A reason for a difference goes when the difference is gone."""
    kept = {
        place
        for place in REASONS
        for outcome in replayed(place.partition("#")[0])
        if outcome.differences and f"{outcome.exchange.scenario}#{outcome.exchange.seq}" == place
    }
    assert set(REASONS) == kept


@pytest.mark.parametrize(
    ("field", "value"),
    [("has_password", False), ("display_name", "Somebody else"), ("signed_up_at_millis", 1), ("new_field", None)],
)
def test_a_replay_notices_a_wrong_reply(field: str, value: object) -> None:
    """The comparison is not blind: a recording that says something else differs."""
    exchanges = recordings()["users_me"]
    last = next(each for each in reversed(exchanges) if each.method == "PATCH" and each.succeeded)
    altered = [attrs.evolve(each, reply={**each.reply, field: value}) if each is last else each for each in exchanges]
    assert [each.exchange.seq for each in replay(altered, exchanges) if each.differences] == [last.seq]


def test_a_replay_notices_a_wrong_status() -> None:
    """Status and known error are compared also where the body is an error."""
    exchanges = recordings()["users_me"]
    refused = next(each for each in exchanges if each.code is not None)
    altered = [attrs.evolve(each, status=402) if each is refused else each for each in exchanges]
    assert [each.exchange.seq for each in replay(altered, exchanges) if each.differences] == [refused.seq]

"""The emulator answers recorded requests like the real API."""

from functools import cache
from typing import get_args

import attrs
import pytest

from hexclave_emulator import Emulator
from hexclave_emulator.checking.description import DescribedOperation
from hexclave_emulator.checking.releases import OLDEST, Release
from hexclave_emulator.messages.exchange import ok
from hexclave_emulator.routing.routes import Router
from tests.contract.conformance.__main__ import DEFAULT
from tests.contract.conformance.altering import KINDS, altered
from tests.contract.conformance.expected import COMPLETE, REASONS, reason
from tests.contract.conformance.fitting import faults
from tests.contract.conformance.newer import CHANGES
from tests.contract.conformance.recording import Exchange, load
from tests.contract.conformance.replay import Outcome, replay
from tests.contract.conformance.report import details

pytestmark = pytest.mark.skipif(not DEFAULT.is_dir(), reason="the recordings are not part of the repository")


@cache
def recordings() -> dict[str, list[Exchange]]:
    return load(DEFAULT)


@cache
def replayed(scenario: str, release: Release = OLDEST) -> list[Outcome]:
    library = [exchange for exchanges in recordings().values() for exchange in exchanges]
    return replay(recordings()[scenario], library, release=release)


@pytest.mark.parametrize("scenario", COMPLETE)
def test_scenario_is_played_as_recorded(scenario: str) -> None:
    """Every reply of the scenario equals the recorded one, or differs for a documented reason."""
    unexplained = [each for each in replayed(scenario) if each.differences and each.reason is None]
    assert not unexplained, details({scenario: unexplained})


@pytest.mark.parametrize("scenario", COMPLETE)
def test_replies_fit_the_description(scenario: str) -> None:
    """Every successful reply has everything that the description promises, and nothing unknown."""
    unfit = [
        f"#{outcome.exchange.seq} {fault}"
        for outcome in replayed(scenario)
        if (operation := _operation(outcome)) is not None
        for fault in faults(operation, outcome.exchange.api.get("access-type", "client"), outcome.reply)
    ]
    assert not unfit


def test_a_reply_with_an_unknown_field_does_not_fit() -> None:
    """The strict reading of the description is strict."""
    outcome = next(each for each in replayed("users_me") if each.reply.status == 200)
    operation = _operation(outcome)
    assert operation is not None
    assert faults(operation, "client", ok({**outcome.reply.json(), "nope": 1}))
    assert faults(operation, "client", ok({"id": "x"}))


def _operation(outcome: Outcome) -> DescribedOperation | None:
    segments = outcome.exchange.path.strip("/").split("/")[2:]
    found = _router().find(segments or [""])
    entry, _ = found[0].get(outcome.exchange.method, (None, ())) if found is not None else (None, ())
    return entry.operation if entry is not None else None


@cache
def _router() -> Router:
    return Emulator().router


def test_every_reason_still_holds() -> None:
    """Reasons for differences are removed together with the difference."""
    kept = {each.reason for scenario in COMPLETE for each in replayed(scenario) if each.differences}
    assert set(REASONS) == kept


@pytest.mark.parametrize("release", [each for each in get_args(Release) if each != OLDEST])
def test_newer_releases_differ_in_the_listed_changes_alone(release: Release) -> None:
    """Every difference has a reason, and every listed change is seen."""
    outcomes = [each for scenario in COMPLETE for each in replayed(scenario, release) if each.differences]
    assert [f"{each.exchange.scenario} #{each.exchange.seq}" for each in outcomes if each.reason is None] == []
    seen = {(each.exchange.scenario, each.exchange.seq) for each in outcomes}
    listed = {(each.scenario, seq) for each in CHANGES if each.since <= release for seq in each.seqs}
    assert listed - seen == set()


def test_at_least_995_of_1000_are_equal() -> None:
    """The figure of `make conformance`, which must not fall."""
    outcomes = [each for scenario in COMPLETE for each in replayed(scenario)]
    assert sum(not each.differences for each in outcomes) >= 0.995 * len(outcomes)


def test_invalid_input_is_reported_in_the_wording_of_the_api() -> None:
    """Content and order of SCHEMA_ERROR."""
    outcomes = [each for scenario in COMPLETE for each in replayed(scenario)]
    faults = [each for each in outcomes if each.exchange.code == "SCHEMA_ERROR"]
    assert len(faults) > 50
    assert [each.words for each in faults if each.words] == []


def test_a_reason_counts_for_other_access_types_and_for_its_own_difference() -> None:
    """A folder may contain a scenario as other callers play it. Another difference has no reason."""
    operation = "GET /payments/items/{customer_type}/{customer_id}/{item_id}"
    assert reason("payments__as_admin", 23, operation, [".quantity: 0 became 30"]) is not None
    assert reason("payments__as_admin", 23, operation, [".quantity: 0 became 31"]) is None
    assert reason("payments", 24, operation, [".quantity: 0 became 30"]) is None
    assert reason("teams", 23, operation, [".quantity: 0 became 30"]) is None


def test_every_alteration_is_noticed() -> None:
    """Status, fields, values, messages: no change of a reply may go undetected."""
    made: dict[str, list[bool]] = {}
    for scenario in ("users_me", "payments", "invitations"):
        for kind, was_noticed in altered(replayed(scenario)):
            made.setdefault(kind, []).append(was_noticed)
    assert made.keys() == KINDS.keys()
    assert {kind: found.count(False) for kind, found in made.items()} == dict.fromkeys(made, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [("has_password", False), ("display_name", "Somebody else"), ("signed_up_at_millis", 1), ("new_field", None)],
)
def test_a_replay_notices_a_wrong_reply(field: str, value: object) -> None:
    """The comparison detects changes: a recording with another reply differs."""
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

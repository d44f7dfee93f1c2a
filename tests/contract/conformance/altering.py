"""Sensitivity of the comparison: every recorded reply is altered slightly, one change at a time, and compared again."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from hexclave_emulator.checking.releases import Release
from tests.contract.conformance.comparison import MARKUP, RANDOM_FIELDS, REMOVED, Comparison, is_time
from tests.contract.conformance.mapping import RANDOM
from tests.contract.conformance.recording import Exchange, claims
from tests.contract.conformance.replay import ANY_ORDER, Outcome, replay

PLACES: Final = 12
"""The maximum number of altered places per reply, for each kind."""


def noticed(scenarios: Mapping[str, Sequence[Exchange]], library: Sequence[Exchange], release: Release) -> str:
    """Return one line per kind of alteration: the number made, and the share detected."""
    made: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for exchanges in scenarios.values():
        for kind, was_noticed in altered(replay(exchanges, library, release=release)):
            made[kind] += 1
            seen[kind] += was_noticed
    lines = [f"{'altered':<28} {'made':>7} {'noticed':>8}"]
    lines += [f"{kind:<28} {made[kind]:>7} {100 * seen[kind] / made[kind]:>7.1f}%" for kind in KINDS if made[kind]]
    return "\n".join(lines)


def altered(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, bool]]:
    """Yield each kind of alteration and whether it was detected, for every reply that is equal as recorded."""
    for outcome in outcomes:
        if outcome.differences or outcome.words or outcome.exchange.reply == REMOVED:
            continue
        for kind, change in KINDS.items():
            for exchange in change(outcome):
                comparison = Comparison(outcome.known.copy(), any_order=outcome.operation in ANY_ORDER)
                comparison.reply(exchange, outcome.reply)
                yield kind, bool(comparison.differences or comparison.words)


def _status(outcome: Outcome) -> Iterator[Exchange]:
    exchange = outcome.exchange
    yield attrs.evolve(exchange, status=exchange.status + 1)


def _code(outcome: Outcome) -> Iterator[Exchange]:
    exchange = outcome.exchange
    if exchange.code is not None:
        headers = {**exchange.reply_headers, "x-stack-known-error": "SOMETHING_ELSE"}
        yield attrs.evolve(exchange, reply_headers=headers)


def _words(outcome: Outcome) -> Iterator[Exchange]:
    exchange = outcome.exchange
    if exchange.code is not None and isinstance(exchange.reply, dict):
        yield attrs.evolve(exchange, reply={**exchange.reply, "error": "Something else."})
    elif isinstance(exchange.reply, str):
        yield attrs.evolve(exchange, reply=f"{exchange.reply} And more.")


def _each(matches: Callable[[str, Any], bool], change: Callable[[Any], Any]) -> Callable[[Outcome], Iterator[Exchange]]:
    """Yield alterations of the values inside a body, one at a time."""

    def alter(outcome: Outcome) -> Iterator[Exchange]:
        exchange = outcome.exchange
        if not isinstance(exchange.reply, dict | list):
            return
        hidden = {"error", "details"} if exchange.code == "SCHEMA_ERROR" else set()
        places = [
            place for place, value in _values(exchange.reply) if place[0] not in hidden and matches(_name(place), value)
        ]
        for place in places[:PLACES]:
            yield attrs.evolve(exchange, reply=_with(exchange.reply, place, change))

    return alter


def _values(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if place:
        yield place, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from _values(item, (*place, name))


def _name(place: tuple[Any, ...]) -> str:
    return next((each for each in reversed(place) if isinstance(each, str)), "")


def _with(value: Any, place: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    if not place:
        return change(value)
    first, rest = place[0], place[1:]
    if isinstance(value, dict):
        return {name: _with(item, rest, change) if name == first else item for name, item in value.items()}
    return [_with(item, rest, change) if index == first else item for index, item in enumerate(value)]


def _is_plain_text(name: str, value: Any) -> bool:
    return (
        isinstance(value, str)
        and name not in (*RANDOM_FIELDS, *MARKUP)
        and not RANDOM.search(value)
        and claims(value) is None
    )


def _is_random(name: str, value: Any) -> bool:
    return isinstance(value, str) and name not in (*RANDOM_FIELDS, *MARKUP) and bool(RANDOM.fullmatch(value))


def _another_id(outcome: Outcome) -> Iterator[Exchange]:
    """Return an id that refers to something earlier: an id that appears for the first time may have any value."""
    change = _each(
        lambda name, value: _is_random(name, value) and value in outcome.known.known,
        lambda _: "00000000-0000-4000-8000-000000000000",
    )
    yield from change(outcome)


def _is_number(name: str, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not is_time(name, value)


KINDS: Final[Mapping[str, Callable[[Outcome], Iterator[Exchange]]]] = {
    "status": _status,
    "code of an error": _code,
    "words of an error": _words,
    "a field more": _each(lambda _, value: isinstance(value, dict), lambda value: {**value, "nope": 1}),
    "a field less": _each(
        lambda _, value: isinstance(value, dict) and bool(value), lambda value: dict(list(value.items())[1:])
    ),
    "null in place of a value": _each(lambda _, value: value is not None, lambda _: None),
    "a value in place of null": _each(lambda _, value: value is None, lambda _: "something"),
    "another text": _each(_is_plain_text, lambda value: f"{value}x"),
    "another id or token": _another_id,
    "another number": _each(_is_number, lambda value: value + 1000),
    "a moment a minute later": _each(
        lambda name, value: is_time(name, value), lambda value: value + (60_000 if value > 10**11 else 60)
    ),
    "true for false": _each(lambda _, value: isinstance(value, bool), lambda value: not value),
    "an item less": _each(lambda _, value: isinstance(value, list) and bool(value), lambda value: value[1:]),
    "an item more": _each(lambda _, value: isinstance(value, list), lambda value: [*value, {"id": "nope"}]),
}

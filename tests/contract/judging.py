"""The SDK's result for each recorded exchange."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import attrs

from hexclave._engine.exchange import exchange as steps_of
from hexclave.retries import Retries
from hexclave.tokens import Tokens
from hexclave_api import strict
from hexclave_api.operation import Operation
from tests.contract.describing import Fault, faults
from tests.contract.rebuilding import differences, rebuild, specimen
from tests.contract.recordings import Exchange, Match, load, match
from tests.playing import FakeClock, access_token, context, play


@attrs.frozen(repr=False)
class Verdict:
    """The result for an exchange that calls a described operation."""

    match: Match
    faults: tuple[Fault, ...]
    """The reason why the description does not allow the request."""
    refusal: str | None
    """The reason why the operation's function did not accept the recorded values."""
    operation: Operation[Any]
    """The rebuilt operation; a specimen of it where the request could not be rebuilt."""
    differences: tuple[str, ...]
    deviations: tuple[strict.Deviation, ...]
    """The places where the reply to a successful call deviates from the description."""
    result: Any
    error: BaseException | None
    """The SDK's result for the recorded reply."""

    def __repr__(self) -> str:
        return f"{self.exchange} {self.match.entry.name}"

    @property
    def exchange(self) -> Exchange:
        return self.match.exchange

    @property
    def rebuilt(self) -> bool:
        return self.refusal is None and not self.faults and not self.differences


@cache
def verdicts(scenario: str) -> tuple[Verdict, ...]:
    """Return the results for the exchanges of one recording that call described operations."""
    return tuple(judge(found) for found in map(match, load(scenario)) if isinstance(found, Match))


@cache
def unmatched(scenario: str) -> tuple[tuple[Exchange, str], ...]:
    """Return the other exchanges of one recording, each with the reason."""
    return tuple((exchange, found) for exchange in load(scenario) if isinstance(found := match(exchange), str))


def judge(found: Match) -> Verdict:
    refusal, operation = None, specimen(found.entry)
    differs: list[str] = []
    try:
        operation = rebuild(found)
        differs = differences(operation, found)
    except TypeError as error:
        refusal = str(error)
    app = context(found.access, retries=Retries.OFF)
    tokens = Tokens(access_token=access_token(FakeClock()), refresh_token="not-a-real-refresh-token")
    played = play(app, steps_of(app, operation, tokens=tokens), found.exchange.reply)
    return Verdict(
        match=found,
        faults=tuple(faults(found)),
        refusal=refusal,
        operation=operation,
        differences=tuple(differs),
        deviations=tuple(_deviations(operation, found.exchange)) if found.exchange.succeeded else (),
        result=played.result,
        error=played.error,
    )


def _deviations(operation: Operation[Any], exchange: Exchange) -> Iterator[strict.Deviation]:
    try:
        strict.parse(operation, exchange.content)
    except strict.DeviationError as error:
        yield from error.deviations

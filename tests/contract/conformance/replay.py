"""Replaying one scenario, request by request."""

import base64
import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import attrs

from hexclave_emulator import Emulator, Fault, HttpRequest, Reply
from hexclave_emulator.checking.releases import OLDEST, Release
from tests.contract.conformance import presuppositions  # noqa: F401 -- registers what domains presuppose
from tests.contract.conformance.addressing import template
from tests.contract.conformance.comparison import BASE_URL, Comparison
from tests.contract.conformance.expected import Reason, reason
from tests.contract.conformance.mapping import Mapping
from tests.contract.conformance.newer import Change, change
from tests.contract.conformance.recording import Exchange
from tests.contract.conformance.side_channels import FINDERS
from tests.contract.conformance.world import World, set_up


@attrs.frozen
class Outcome:
    """One exchange, replayed."""

    exchange: Exchange
    differences: tuple[str, ...]
    reply: Reply
    words: tuple[str, ...] = ()
    """Places where an otherwise equal error has another message."""
    operation: str = ""
    """Method and template."""
    known: Mapping = attrs.field(factory=Mapping)
    """The mapping of random values before this reply."""
    release: str = OLDEST
    """The release that the emulator behaved like."""

    @property
    def reason(self) -> Reason | Change | None:
        """The known reason for the difference."""
        scenario, seq = self.exchange.scenario, self.exchange.seq
        return reason(scenario, seq, self.operation, self.differences) or change(self.release, scenario, seq)


ANY_ORDER: Final = ("GET /contact-channels", "GET /team-invitations", "GET /team-member-profiles")
"""Lists that the API gives in the order of their random keys."""


def replay(
    exchanges: Sequence[Exchange], library: Sequence[Exchange], *, release: Release = "2026-04"
) -> list[Outcome]:
    """Replay every exchange against a new emulator, with the clock at the time of the recording.

    Args:
        library: all recordings of the folder.
        release: the release of the API to behave like.
    """
    emulator = Emulator(ready=False, release=release)
    emulator.clock.freeze(exchanges[0].millis - 2000)
    world = World(exchanges, library, emulator, emulator.state, Mapping(), emulator.clock.millis())
    set_up(world)
    return [_replay_one(world, exchange) for exchange in exchanges]


def _replay_one(world: World, exchange: Exchange) -> Outcome:
    clock = world.emulator.clock
    clock.freeze(max(clock.millis() + 5, exchange.millis))
    if exchange.status == 429 and "x-stack-request-id" not in exchange.reply_headers:
        # A rate limiter in front of the API, emulated by an injected fault.
        headers = {name: value for name, value in exchange.reply_headers.items() if name == "retry-after"}
        world.emulator.faults.add(Fault(status=429, headers=headers, body=exchange.reply))
    reply = world.emulator.handle(_request(world, exchange))
    operation = template(world, exchange)
    before = world.mapping.copy()
    comparison = Comparison(world.mapping, any_order=operation in ANY_ORDER)
    comparison.reply(exchange, reply)
    release = world.emulator.release
    return Outcome(exchange, tuple(comparison.differences), reply, tuple(comparison.words), operation, before, release)


def _request(world: World, exchange: Exchange) -> HttpRequest:
    _explain(world, exchange)
    mapping = world.mapping
    headers = {name: _header(mapping, name, value) for name, value in exchange.headers.items()}
    body = exchange.body
    content = b""
    if isinstance(body, str) and exchange.headers.get("content-type") == "application/x-www-form-urlencoded":
        pairs = parse_qsl(body, keep_blank_values=True)
        content = urlencode([(name, mapping.text(value)) for name, value in pairs]).encode()
    elif isinstance(body, str):
        content = mapping.text(body).encode()
    elif body is not None:
        translated = mapping.value(body)
        is_form = exchange.headers.get("content-type") == "application/x-www-form-urlencoded"
        content = urlencode(translated).encode() if is_form else json.dumps(translated).encode()
    return HttpRequest(
        method=exchange.method,
        path=mapping.text(exchange.path),
        query=[(name, mapping.text(value)) for name, value in exchange.query.items()],
        headers=headers,
        content=content,
        base_url=BASE_URL,
    )


def _header(mapping: Mapping, name: str, value: str) -> str:
    if name == "authorization" and value.startswith("Basic "):
        plain = base64.b64decode(value[6:]).decode()
        return "Basic " + base64.b64encode(mapping.text(plain).encode()).decode()
    return mapping.text(value)


def _explain(world: World, exchange: Exchange) -> None:
    """Find the emulator's counterparts of values that did not reach the recording's client through a reply."""
    fields: dict[str, Any] = dict(exchange.query)
    if isinstance(exchange.body, dict):
        fields |= exchange.body
    elif isinstance(exchange.body, str) and exchange.headers.get("content-type") == "application/x-www-form-urlencoded":
        fields |= dict(parse_qsl(exchange.body))
    for name, value in fields.items():
        if not isinstance(value, str) or value in world.mapping.known:
            continue
        for finder in FINDERS:
            found = finder(world, exchange, name, value)
            if found is not None:
                world.mapping.learn(value, found)
                break

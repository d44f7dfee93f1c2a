"""The initial state of a scenario: projects, keys, users and sessions created before the recording began.

It is derived from the recording: from headers of requests, from tokens, and from the first appearance of an item in a
reply. Items keep their recorded ids, keys and refresh tokens, so that only those created during the scenario need a
mapping.

Each domain says in `presuppositions/` what it takes from a recording: functions marked with `@presupposes`. They run in
the order of their `step`, each for the whole scenario, before its first request.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import attrs

from hexclave_emulator import Emulator
from hexclave_emulator.credentials import tokens
from hexclave_emulator.state.tables import State
from tests.contract.conformance.mapping import Mapping
from tests.contract.conformance.recording import Exchange, claims, leaves, objects


@attrs.define
class World:
    """One scenario about to be replayed, and the emulator that it is replayed against."""

    exchanges: Sequence[Exchange]
    library: Sequence[Exchange]
    """All recordings of the folder: projects are shared, and another scenario may tell more about one."""
    emulator: Emulator
    state: State
    mapping: Mapping
    begins: int
    """Milliseconds since 1970."""
    made: dict[str, int] = attrs.field(factory=dict)
    """Ids that a reply shows as made during the scenario, and the exchange that made them."""

    def is_presupposed(self, identifier: str) -> bool:
        """Return true if an item with this id existed before the first request."""
        return identifier not in self.made

    def token(self, recorded: str) -> None:
        """Let the emulator sign the claims of a recorded access token."""
        said = claims(recorded)
        if said is None or recorded in self.mapping.known:
            return
        key = tokens.signing_keys(self.emulator.secret, said["aud"], False)[0]
        self.mapping.learn(recorded, tokens.sign(said, key))


Presupposition: TypeAlias = Callable[[World], None]
_STEPS: Final[list[tuple[int, Presupposition]]] = []


def presupposes(step: int) -> Callable[[Presupposition], Presupposition]:
    """Run the function when a world is set up; lower steps first: 10 projects, 20 users, 30 teams, 40 what they own."""

    def register(function: Presupposition) -> Presupposition:
        _STEPS.append((step, function))
        return function

    return register


def set_up(world: World) -> None:
    """Everything that the scenario takes for granted."""
    _find_made(world)
    with world.emulator.transaction():
        for _, function in sorted(_STEPS, key=lambda each: each[0]):
            function(world)


def _find_made(world: World) -> None:
    """Ids in the reply of a request that makes something, and that no earlier exchange mentions."""
    seen: set[str] = set()
    for exchange in world.exchanges:
        asked = {
            *leaves(exchange.body),
            *exchange.query.values(),
            *exchange.path.split("/"),
            *exchange.headers.values(),
        }
        for text in list(asked):
            said = claims(text)
            asked |= set(leaves(said)) if said else set()
        makes = exchange.method == "POST" and exchange.succeeded
        for found in objects(exchange.reply):
            for name in ("id", "user_id", "team_id"):
                identifier = found.get(name)
                if makes and isinstance(identifier, str) and identifier not in seen and identifier not in asked:
                    world.made.setdefault(identifier, exchange.seq)
            # A refresh gives an access token too, of a session that is there.
            said = claims(str(found.get("access_token"))) if makes and "refresh_token" in found else None
            if said is not None:
                world.made.setdefault(said["refresh_token_id"], exchange.seq)
                if found.get("is_new_user"):
                    world.made.setdefault(said["sub"], exchange.seq)
        seen |= asked | set(leaves(exchange.reply))


def views(world: World, *names: str) -> list[tuple[Exchange, dict[str, Any]]]:
    """Objects in replies that have all of these fields, first sights first, with the exchange that shows each."""
    wanted = set(names)
    return [
        (exchange, found)
        for exchange in world.exchanges
        if exchange.succeeded
        for found in objects(exchange.reply)
        if wanted <= found.keys()
    ]

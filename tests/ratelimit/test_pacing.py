"""Utilisation of a server's rate limit in virtual time: 50 workers with limiters of every kind."""

from collections.abc import Callable

import pytest

from hexclave.ratelimit import Gates
from tests.engine.simulated import (
    FixedWindow,
    Headers,
    Limiter,
    Server,
    SlidingLog,
    Store,
    TokenBucket,
    World,
    draft,
    retry_after,
    silent,
    worker,
)

LEARNING = 15
LASTING = 200

LIMITERS: dict[str, Callable[[], Limiter]] = {
    "bucket, 1 s of burst": lambda: TokenBucket(60, 60),
    "bucket, 0.1 s of burst": lambda: TokenBucket(60, 6),
    "60 in each second": lambda: FixedWindow(60, 1),
    "60 in any second": lambda: SlidingLog(60, 1),
}


def start(world: World, gates: list[Gates], server: Server, seconds: float, workers: int = 50) -> list[int]:
    attempts: list[int] = []
    for number in range(workers):
        world.start(worker(world, gates[number % len(gates)], server, world.now + seconds, attempts))
    return attempts


def measured(world: World, gates: list[Gates], server: Server) -> tuple[float, float]:
    """Return the share of the permitted rate used after a learning period, and the share of refused requests."""
    attempts = start(world, gates, server, LEARNING + LASTING)
    world.run(world.now + LEARNING)
    learned = server.accepted
    world.run(world.now + LASTING)
    assert max(attempts) <= 5
    return (server.accepted - learned) / (server.limiter.rate * LASTING), server.refused / (
        server.accepted + server.refused
    )


@pytest.mark.parametrize("headers", [silent, retry_after, draft])
@pytest.mark.parametrize("limiter", LIMITERS.values(), ids=LIMITERS.keys())
def test_nearly_all_that_is_permitted_is_used_and_hardly_anything_refused(
    limiter: Callable[[], Limiter], headers: Headers, record_property: Callable[[str, object], None]
) -> None:
    world, server = World(seed=1), Server(limiter(), headers)
    used, refused = measured(world, [Gates()], server)
    record_property("figures", f"{used:.1%} of the permitted rate used, {refused:.2%} refused")
    assert used >= 0.95
    assert refused <= 0.01


def test_an_unannounced_long_window_costs_some_attempts_to_find_its_end() -> None:
    world, server = World(seed=1), Server(FixedWindow(600, 10), silent)
    used, refused = measured(world, [Gates()], server)
    assert used >= 0.95
    assert refused <= 0.02


@pytest.mark.parametrize("headers", [silent, retry_after, draft])
def test_processes_that_share_their_state_do_as_well_as_one(headers: Headers) -> None:
    world, server = World(seed=1), Server(TokenBucket(60, 30), headers)
    store = Store(world)
    used, refused = measured(world, [Gates(shared=store) for _ in range(4)], server)
    assert used >= 0.95
    assert refused <= 0.01


def test_processes_that_share_nothing_come_to_terms() -> None:
    world, server = World(seed=2), Server(TokenBucket(60, 60), retry_after)
    gates = [Gates() for _ in range(4)]
    start(world, gates, server, 300)
    world.run(world.now + 300)
    assert server.accepted >= 0.95 * 60 * 300
    assert server.refused <= 0.02 * server.accepted


@pytest.mark.parametrize(("before", "after"), [(20, 200), (200, 20)])
def test_a_limit_that_changes_is_found_again(before: float, after: float) -> None:
    world, server = World(seed=3), Server(TokenBucket(before, before))
    start(world, [Gates()], server, 800)
    world.run(world.now + 200)
    server.limiter = TokenBucket(after, after)
    world.run(world.now + 300)
    adapted, refused = server.accepted, server.refused
    world.run(world.now + 300)
    assert server.accepted - adapted >= 0.95 * after * 300
    assert server.refused - refused <= 0.01 * after * 300


def test_a_slow_limit_costs_few_refusals() -> None:
    world, server = World(seed=4), Server(TokenBucket(0.5, 1))
    attempts = start(world, [Gates()], server, 3000, workers=5)
    world.run(world.now + 3000)
    assert server.accepted >= 0.9 * 0.5 * 3000
    assert server.refused <= 0.03 * server.accepted
    assert max(attempts) <= 5


@pytest.mark.parametrize("headers", [silent, lambda *_: {"retry-after": "0"}], ids=["silent", "names no wait"])
def test_a_server_that_refuses_everything_is_asked_ever_less_often(headers: Headers) -> None:
    world, server = World(seed=5), Server(TokenBucket(1e-9, 0), headers)
    start(world, [Gates()], server, 600)
    world.run(world.now + 600)
    assert server.accepted == 0
    first_minute = [moment for moment in server.refused_at if moment < server.refused_at[0] + 60]
    assert len(first_minute) - 50 <= 8  # all 50 were in flight when the first was refused
    assert server.refused - len(first_minute) <= 10

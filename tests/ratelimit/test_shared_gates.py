"""Gates of several processes with shared state: one budget, independent clocks, and outages of the state."""

import json

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave._ratelimit.pacing import LONGEST_CLOSED, Adaptive
from hexclave._ratelimit.shared_gate import read_pace, write_pace
from hexclave._steps import Steps
from hexclave.ratelimit import Gates, RateLimit, Ticket, WaitTooLong
from tests.engine.simulated import SCOPE, Server, Store, TokenBucket, World, worker

KEY = ":".join(SCOPE)
CEILING_KEY = f"{SCOPE.project_id}:{SCOPE.access}"


@pytest.fixture
def world() -> World:
    return World(late=0)


@pytest.fixture
def store(world: World) -> Store:
    return Store(world)


def learned(world: World, gates: Gates, headers: dict[str, str] | None = None) -> None:
    """Make a refused call in the process behind `gates`, and one that informs the others."""

    def call() -> Steps[None]:
        ticket = yield from gates.admit(SCOPE, deadline=None, clock=world)
        gates.settle(ticket, 429, headers or {"retry-after": "5"}, clock=world)
        yield from gates.admit(SCOPE, deadline=None, clock=world)

    world.start(call())
    world.run(world.now + 0.1)


def test_one_processs_429_makes_the_others_wait_once_they_know_the_scope_is_limited(world: World, store: Store) -> None:
    first, second = Gates(shared=store), Gates(shared=store)
    learned(world, first, {"retry-after": "30"})
    learned(world, second, {"retry-after": "0"})
    waits: list[float] = []

    def call() -> Steps[None]:
        try:
            yield from second.admit(SCOPE, deadline=world.now + 10, clock=world)
        except WaitTooLong as wait:
            waits.append(wait.retry_after)

    world.start(call())
    world.run(world.now + 0.1)
    assert waits == [pytest.approx(30, abs=0.5)]


def test_processes_share_a_ceiling(world: World, store: Store) -> None:
    gates = [Gates(ceiling=RateLimit(per_second=20, burst=5), shared=store) for _ in range(4)]
    server = Server(TokenBucket(1e9, 1e9))
    for number in range(12):
        world.start(worker(world, gates[number % 4], server, world.now + 60, []))
    world.run(world.now + 60)
    assert 0.95 * 1200 <= server.accepted <= 1200 + 5 + 2


def admitted(world: World, gates: Gates, seconds: float) -> int:
    """Return the number of calls that ten workers complete in that time."""
    server = Server(TokenBucket(1e9, 1e9))
    for _ in range(10):
        world.start(worker(world, gates, server, world.now + seconds, []))
    world.run(world.now + seconds)
    return server.accepted


@pytest.mark.parametrize(("before", "after"), [(1000, 5), (5, 50), (0.05, 20)])
def test_a_new_ceiling_counts_from_its_first_call_on(world: World, store: Store, before: float, after: float) -> None:
    admitted(world, Gates(ceiling=RateLimit(before, burst=100), shared=store), 10)
    world.run()  # until the last call of the previous deployment
    assert admitted(world, Gates(ceiling=RateLimit(after), shared=store), 10) == pytest.approx(
        10 * after, abs=2, rel=0.02
    )


def test_processes_with_different_ceilings_each_keep_their_own(world: World, store: Store) -> None:
    old, new = Gates(ceiling=RateLimit(200), shared=store), Gates(ceiling=RateLimit(5), shared=store)
    servers = [Server(TokenBucket(1e9, 1e9)) for _ in range(2)]
    for gates, server in zip((old, new), servers, strict=True):
        for _ in range(10):
            world.start(worker(world, gates, server, world.now + 20, []))
    world.run(world.now + 20)
    assert servers[1].accepted <= 5 * 20 + 2
    assert sum(server.accepted for server in servers) <= 200 * 20


def test_of_a_ceiling_only_what_is_counted_is_stored(world: World, store: Store) -> None:
    admitted(world, Gates(ceiling=RateLimit(5, burst=3), shared=store), 1)
    assert json.loads(store.states[CEILING_KEY]).keys() == {"opens"}


def test_the_clocks_of_the_processes_do_not_matter(world: World, store: Store) -> None:
    """The store's clock differs from ours by half a million seconds."""
    learned(world, Gates(shared=store), {"retry-after": "30"})
    state = json.loads(store.states[KEY])
    assert state["opens"] == pytest.approx(world.now - 5e5 + 30, abs=0.2)


def test_while_the_state_is_away_each_process_goes_on_alone_and_then_they_share_again(
    world: World, store: Store
) -> None:
    gates = [Gates(shared=store) for _ in range(3)]
    server = Server(TokenBucket(30, 30))
    attempts: list[int] = []
    for number in range(24):
        world.start(worker(world, gates[number % 3], server, world.now + 180, attempts))
    world.run(world.now + 40)
    store.away = True
    accepted = server.accepted
    world.run(world.now + 60)
    assert server.accepted - accepted >= 0.8 * 30 * 60
    store.away, swaps = False, store.swaps
    store.states.clear()
    world.run(world.now + 20)
    accepted, refused = server.accepted, server.refused
    world.run(world.now + 60)
    assert store.swaps > swaps
    assert server.accepted - accepted >= 0.9 * 30 * 60
    assert server.refused - refused <= 0.02 * 30 * 60
    assert max(attempts) <= 6


def test_a_cancelled_call_does_not_keep_the_others_from_asking(world: World, store: Store) -> None:
    gates = Gates(ceiling=RateLimit(per_second=10), shared=store)
    cancelled = gates.admit(SCOPE, deadline=None, clock=world)
    next(cancelled)  # on its way to the store
    cancelled.close()
    server = Server(TokenBucket(1e9, 1e9))
    world.start(worker(world, gates, server, world.now + 0.5, []))
    world.run()
    assert server.accepted >= 3


def test_a_refusal_while_permits_are_being_asked_for_closes_the_gate_all_the_same(world: World, store: Store) -> None:
    gates = Gates(shared=store)
    learned(world, gates, {"retry-after": "1"})
    world.now += 2
    passed: list[float] = []

    def call() -> Steps[None]:
        yield from gates.admit(SCOPE, deadline=None, clock=world)
        passed.append(world.now)

    for _ in range(2):
        world.start(call())
    world.run(world.now + 0.0006)  # the swap is done, and its reply on its way
    assert passed == []
    closed = world.now
    gates.settle(Ticket(SCOPE, 0, closed), 429, {"retry-after": "5"}, clock=world)
    world.run(closed + 1)
    assert json.loads(store.states[KEY])["opens"] == pytest.approx(closed - 5e5 + 5, abs=0.1)
    world.run()
    assert min(passed) == pytest.approx(closed + 5, abs=0.1)


EVENTS = st.lists(
    st.tuples(
        st.floats(0, 100),  # seconds since the one before
        st.sampled_from(["succeed", "wait and succeed", "refuse", "grant"]),
        st.none() | st.floats(0, LONGEST_CLOSED),  # the server's wait time
        st.none() | st.floats(1 / 60, 1000),  # the limit it announces
    )
)


@given(EVENTS, st.floats(-1e6, 1e6))
def test_whatever_a_process_counts_the_others_read(
    events: list[tuple[float, str, float | None, float | None]], ahead: float
) -> None:
    pace, now = Adaptive(1000.0, 1000.0), 1000.0
    pace.refuse(now, now, None, None)  # the initial state of every gate
    for seconds, event, wait, announced in events:
        now += seconds
        if event == "refuse":
            pace.refuse(now, now, wait, announced)
        elif event == "grant":
            pace.grant(now, 3)
        else:
            pace.succeed(now, waited=event != "succeed")
    read = read_pace(Adaptive(0.0, 0.0), write_pace(pace, ahead), ahead, now)
    assert read is not None
    assert attrs.astuple(read) == pytest.approx(attrs.astuple(pace), abs=1e-6)


NAMES = [field.name for field in attrs.fields(Adaptive)]
HOSTILE = st.one_of(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(json.dumps),
    st.dictionaries(st.sampled_from(NAMES), st.none() | st.floats() | st.integers() | st.just("x"), min_size=1).map(
        lambda wrong: json.dumps(dict.fromkeys(NAMES, 1) | wrong)
    ),
)


def twenty_calls(world: World, gates: Gates) -> float:
    """Return the seconds until the server has accepted twenty calls."""
    begin, done = world.now, []

    def calls() -> Steps[None]:
        for _ in range(20):
            ticket = yield from gates.admit(SCOPE, deadline=None, clock=world)
            gates.settle(ticket, 200, {}, clock=world)
        done.append(world.now - begin)

    world.start(calls())
    world.run()
    (seconds,) = done
    return seconds


@given(HOSTILE)
def test_whatever_lies_where_the_state_should_be_calls_go_on(state: str) -> None:
    world = World(late=0)
    store = Store(world)
    gates = Gates(shared=store)
    learned(world, gates)
    store.states[KEY] = state
    assert twenty_calls(world, gates) < 1000


@given(
    HOSTILE | st.builds(lambda opens: json.dumps({"opens": opens}), st.floats()) | st.just('{"opens": 1e12}'),
    st.floats(0.5, 100),
)
def test_whatever_lies_where_the_state_should_be_a_ceiling_is_what_was_configured(state: str, rate: float) -> None:
    world = World(late=0)
    store = Store(world)
    store.states[CEILING_KEY] = state
    seconds = twenty_calls(world, Gates(ceiling=RateLimit(rate), shared=store))
    assert 19 / rate - 0.1 <= seconds <= 20 / rate + 0.2


def test_a_gate_whose_state_lies_about_the_future_adapts_all_the_same(world: World, store: Store) -> None:
    """Only calls let through after the last closing count, so a closing in the year 33,000 must be ignored."""
    gates = Gates(shared=store)
    learned(world, gates)
    state = json.loads(store.states[KEY])
    store.states[KEY] = json.dumps(state | {"reopened": 1e12, "cut": 1e12})
    server = Server(TokenBucket(20, 20))
    for _ in range(10):
        world.start(worker(world, gates, server, world.now + 400, []))
    world.run(world.now + 320)
    refused = server.refused
    world.run(world.now + 80)
    assert server.refused - refused <= 0.02 * 20 * 80


def test_a_store_whose_clock_was_set_back_does_not_close_gates_for_long(world: World, store: Store) -> None:
    gates = Gates(shared=store)
    learned(world, gates)
    state = json.loads(store.states[KEY])
    store.states[KEY] = json.dumps(state | {name: state[name] + 7 * 86400 for name in ("opens", "cut", "reopened")})
    assert twenty_calls(world, gates) < 310

"""Gates in virtual time: which calls wait, how long, and in which order."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave._ratelimit.pacing import LONGEST_CLOSED
from hexclave.ratelimit import RateLimit, Scope, Ticket, WaitTooLong
from tests.engine.simulated import SCOPE, Scene


def test_a_scope_without_a_known_limit_costs_no_step_and_leaves_no_trace() -> None:
    scene = Scene()
    ticket = scene.passes_at_once()
    assert ticket is not None
    scene.gates.settle(ticket, 200, {"ratelimit-remaining": "0"}, clock=scene.world)
    assert scene.gates._gates == {}


def test_after_a_429_no_call_passes_before_the_time_given() -> None:
    scene = Scene()
    scene.refuse()
    scene.queue(3)
    assert scene.log == []
    scene.world.run()
    assert scene.log[0] == (pytest.approx(5, abs=0.01), 0)


@pytest.mark.parametrize("field", Scope._fields)
def test_other_scopes_do_not_wait(field: str) -> None:
    scene = Scene()
    scene.refuse()
    assert scene.passes_at_once(SCOPE._replace(**{field: "other"})) is not None
    assert scene.passes_at_once() is None


def test_after_opening_calls_are_let_through_one_by_one_and_ever_faster() -> None:
    scene = Scene()
    scene.refuse()
    scene.queue(200)
    scene.world.run()
    times = [moment for moment, _ in scene.log]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(times) == 200
    assert times[9] > 5.2
    assert sum(gaps[:20]) > 2 * sum(gaps[-20:])


def test_first_come_first_served() -> None:
    scene = Scene()
    scene.refuse()
    scene.queue(200)
    scene.world.run()
    assert [name for _, name in scene.log] == list(range(200))


@pytest.mark.parametrize("headers", [{}, {"x-ratelimit-remaining": "5", "x-ratelimit-reset": "90"}])
def test_a_429_that_does_not_say_how_long_closes_ever_longer_while_nothing_gets_through(
    headers: dict[str, str],
) -> None:
    scene = Scene()
    opened = []
    for _ in range(8):
        while (ticket := scene.passes_at_once()) is None:
            scene.world.now += 0.01
        opened.append(scene.now)
        scene.gates.settle(ticket, 429, headers, clock=scene.world)
    waits = [later - earlier for earlier, later in itertools.pairwise(opened)]
    assert waits == pytest.approx([1, 2, 4, 8, 16, 32, 60], abs=0.1)


def test_a_reset_is_waited_for_where_retry_after_is_missing() -> None:
    scene = Scene()
    scene.refuse(headers={"ratelimit-remaining": "0", "ratelimit-reset": "7"})
    scene.queue(1)
    scene.world.run()
    assert scene.log == [(pytest.approx(7, abs=0.01), 0)]


@pytest.mark.parametrize("seconds", ["31536000", "999999999999999", "301"])
def test_no_reply_closes_a_gate_for_longer_than_the_longest(seconds: str) -> None:
    scene = Scene()
    scene.refuse(headers={"retry-after": seconds})
    scene.queue(1)
    scene.world.run()
    assert scene.log == [(pytest.approx(LONGEST_CLOSED, abs=0.01), 0)]


def test_a_caller_whose_deadline_comes_before_the_opening_learns_so_at_once() -> None:
    scene = Scene()
    scene.refuse()
    with pytest.raises(WaitTooLong) as caught:
        scene.passes_at_once(deadline=scene.world.now + 4.9)
    assert caught.value.retry_after == pytest.approx(5)
    assert scene.passes_at_once(deadline=scene.world.now + 5.1) is None


def test_a_caller_who_does_not_want_to_wait_so_long_for_a_closed_gate_learns_so_at_once() -> None:
    scene = Scene()
    scene.refuse()
    with pytest.raises(WaitTooLong):
        scene.passes_at_once(longest_closed=4.9)
    assert scene.passes_at_once(longest_closed=5.1) is None


def test_a_caller_learns_at_once_that_too_many_are_in_front() -> None:
    scene = Scene(ceiling=RateLimit(per_second=10))
    scene.queue(50)
    with pytest.raises(WaitTooLong) as caught:
        scene.passes_at_once(deadline=scene.world.now + 4)
    assert caught.value.retry_after == pytest.approx(5, abs=0.2)


def test_a_caller_leaves_at_once_when_a_further_429_makes_the_wait_too_long() -> None:
    scene = Scene()
    scene.refuse(headers={"retry-after": "1"})
    scene.world.start(scene.call("patient"))
    scene.world.start(scene.call("hurried", deadline=3))
    scene.world.run(scene.world.now + 1.01)
    assert [name for _, name in scene.log] == ["patient"]
    in_flight = Ticket(SCOPE, 0, scene.world.now)
    scene.gates.settle(in_flight, 429, {"retry-after": "30"}, clock=scene.world)
    scene.world.run(scene.world.now + 1.5)
    moment, outcome = scene.log[1]
    assert isinstance(outcome, WaitTooLong)
    assert moment < 1.2


def test_callers_that_gave_up_do_not_hold_up_others() -> None:
    scene = Scene(ceiling=RateLimit(per_second=1))
    assert scene.passes_at_once() is not None
    waiting = [scene.gates.admit(SCOPE, deadline=None, clock=scene.world) for _ in range(1000)]
    for steps in waiting:
        next(steps)
    scene.queue(1)
    for steps in waiting:
        steps.close()
    scene.world.run()
    assert scene.log[0][0] <= 1.6


def test_a_caller_that_wakes_late_does_not_hold_up_others() -> None:
    scene = Scene()
    scene.refuse()
    frozen = scene.gates.admit(SCOPE, deadline=None, clock=scene.world)
    next(frozen)
    scene.queue(10)
    scene.world.run()
    assert len(scene.log) == 10
    assert scene.log[-1][0] < 6
    with pytest.raises(StopIteration):
        next(frozen)


def test_unused_permits_do_not_accumulate() -> None:
    scene = Scene(ceiling=RateLimit(per_second=1000))
    waiting = [scene.gates.admit(SCOPE, deadline=None, clock=scene.world) for _ in range(40)]
    for steps in waiting:
        next(steps, None)
    for steps in waiting:
        steps.close()
    scene.world.now += 60
    passed = [scene.passes_at_once() for _ in range(40)]
    assert len([ticket for ticket in passed if ticket]) <= 2


def test_refusals_of_calls_that_were_under_way_close_the_gate_only_once() -> None:
    scene = Scene()
    tickets = [scene.passes_at_once() for _ in range(50)]
    for ticket in tickets:
        assert ticket is not None
        scene.gates.settle(ticket, 429, {}, clock=scene.world)
    scene.queue(1)
    scene.world.run()
    assert scene.log[0][0] == pytest.approx(1, abs=0.01)


def test_refusals_of_calls_that_were_under_way_do_not_count_as_attempts_to_open_the_gate() -> None:
    scene = Scene()
    tickets = [scene.passes_at_once() for _ in range(50)]
    for ticket in tickets:
        assert ticket is not None
        scene.gates.settle(ticket, 429, {"retry-after": "1"}, clock=scene.world)
    scene.world.now += 1.05
    scene.refuse(headers={})
    with pytest.raises(WaitTooLong) as caught:
        scene.passes_at_once(longest_closed=0)
    assert caught.value.retry_after == pytest.approx(2, abs=0.1)


def test_an_unused_pace_is_not_raised() -> None:
    scene = Scene()
    scene.refuse()
    scene.world.now += 5
    for _ in range(200):
        scene.world.now += 1
        ticket = scene.passes_at_once()
        assert ticket is not None
        scene.gates.settle(ticket, 200, {}, clock=scene.world)
    begin = scene.now
    scene.queue(20)
    scene.world.run()
    assert scene.log[-1][0] - begin > 0.4


def test_a_scope_that_was_long_quiet_counts_as_unlimited_again() -> None:
    scene = Scene()
    scene.refuse()
    scene.world.now += 304
    scene.refuse(SCOPE._replace(template="/teams"))
    assert SCOPE in scene.gates._gates
    scene.world.now += 2
    scene.refuse(SCOPE._replace(template="/permissions"))
    assert SCOPE not in scene.gates._gates


def test_the_number_of_gates_is_bounded_and_those_in_use_stay() -> None:
    scene = Scene()
    scene.refuse()
    scene.queue(1)
    for number in range(1500):
        scene.refuse(SCOPE._replace(project_id=f"project-{number}"))
    assert len(scene.gates._gates) == 1000
    assert SCOPE in scene.gates._gates


@given(
    st.lists(st.tuples(st.floats(0, 0.3), st.sampled_from(["call", "refuse", "hurry"]), st.floats(0.1, 3)), max_size=60)
)
def test_whatever_happens_every_call_ends_and_none_passes_a_closed_gate(events: list[tuple[float, str, float]]) -> None:
    scene = Scene()
    scene.refuse(headers={"retry-after": "1"})
    closed = [(0.0, 1.0)]
    started, begun = 0, 0.0
    for pause, event, seconds in events:
        begun += pause
        scene.world.run(scene.began + begun)
        if event == "refuse":
            in_flight = Ticket(SCOPE, 0, scene.world.now)
            scene.gates.settle(in_flight, 429, {"retry-after": f"{seconds:.3f}"}, clock=scene.world)
            closed.append((scene.now, scene.now + float(f"{seconds:.3f}")))
        else:
            scene.world.start(scene.call(started, deadline=scene.now + seconds if event == "hurry" else None))
            started += 1
    scene.world.run()
    assert len(scene.log) == started
    for moment, outcome in scene.log:
        if not isinstance(outcome, WaitTooLong):
            assert not [span for span in closed if span[0] + 1e-6 < moment < span[1] - 1e-6]
    assert scene.gates._gates[SCOPE].empty


def test_nothing_is_locked_while_a_call_waits() -> None:
    scene = Scene()
    scene.refuse()
    waiting = scene.gates.admit(SCOPE, deadline=None, clock=scene.world)
    next(waiting)
    assert not scene.gates._lock.locked()
    waiting.close()
    assert not scene.gates._lock.locked()

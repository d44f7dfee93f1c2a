"""The rate ceiling for all calls of an app."""

import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave._steps import Sleep, Steps
from hexclave.errors import UnsafeUseError
from hexclave.ratelimit import Gates, RateLimit, WaitTooLong
from tests.engine.simulated import SCOPE, Scene


def test_the_ceiling_is_over_all_scopes_together() -> None:
    scene = Scene(ceiling=RateLimit(per_second=10, burst=4))
    for number in range(24):
        scene.world.start(scene.call(number, SCOPE._replace(template=f"/{number % 3}")))
    scene.world.run()
    times = [moment for moment, _ in scene.log]
    assert times[3] == pytest.approx(0, abs=0.01)
    assert times[-1] == pytest.approx(2, abs=0.05)


def test_a_call_that_waits_at_its_scopes_gate_takes_nothing_from_the_ceiling() -> None:
    scene = Scene(ceiling=RateLimit(per_second=10))
    other = SCOPE._replace(template="/teams")
    scene.refuse(other)
    scene.queue(20, other)
    scene.world.run(scene.world.now + 1)
    assert scene.passes_at_once() is not None


ARRIVALS = st.lists(
    st.tuples(
        st.floats(0, 0.5), st.booleans(), st.floats(0, 2)
    ),  # seconds since the one before, whether it gives up, when
    min_size=1,
    max_size=60,
)


@given(st.floats(0.5, 200), st.integers(1, 20), ARRIVALS)
def test_the_ceiling_is_never_exceeded_and_no_call_waits_needlessly(
    per_second: float, burst: int, arrivals: list[tuple[float, bool, float]]
) -> None:
    scene = Scene(ceiling=RateLimit(per_second, burst))
    arrival, staying, order = 0.0, 0, []
    for number, (pause, gives_up, after) in enumerate(arrivals):
        arrival += pause
        steps = scene.call(number)
        scene.world.start(steps, after=arrival)
        if gives_up:
            scene.world.start(_closing(steps, after), after=arrival)
        else:
            staying += 1
            order.append(number)
    scene.world.run()
    times = [moment for moment, _ in scene.log]
    for first, begin in enumerate(times):
        for last in range(first, len(times)):
            assert last - first + 1 <= burst + per_second * (times[last] - begin) + 1.001
    assert [name for _, name in scene.log if name in order] == order
    assert times == [] or times[-1] <= arrival + 2 + len(arrivals) / per_second + 0.5


def _closing(steps: Steps[None], after: float) -> Steps[None]:
    yield Sleep(after)
    steps.close()


def test_threads_share_a_ceiling() -> None:
    gates = Gates(ceiling=RateLimit(per_second=200))
    ends: list[float] = []

    def work() -> None:
        for _ in range(10):
            steps = gates.admit(SCOPE, deadline=None, clock=time)
            try:
                while True:
                    step = next(steps)
                    assert isinstance(step, Sleep)
                    time.sleep(step.seconds)
            except StopIteration:
                ends.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(10)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == 100
    assert max(ends) - begin >= 99 / 200 - 0.03


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"per_second": 0}, "per_second"),
        ({"per_second": -1}, "per_second"),
        ({"per_second": float("nan")}, "per_second"),
        ({"per_second": float("inf")}, "per_second"),
        ({"per_second": True}, "per_second"),
        ({"per_second": "5"}, "per_second"),
        ({"per_second": 1, "burst": 0}, "burst"),
        ({"per_second": 1, "burst": 1.5}, "burst"),
    ],
)
def test_a_ceiling_out_of_range_is_refused_by_name(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(UnsafeUseError, match=rf"RateLimit: {name} must be"):
        RateLimit(**arguments)


@pytest.mark.parametrize("queued", [0, 1, 7])
def test_the_predicted_wait_is_the_actual_one(queued: int) -> None:
    scene = Scene(ceiling=RateLimit(per_second=4))
    assert scene.passes_at_once() is not None
    scene.queue(queued)
    foretold = scene.gates.wait(SCOPE, deadline=None, clock=scene.world, longest_closed=60)
    scene.world.start(scene.call("mine"))
    scene.world.run()
    assert scene.log[-1] == (pytest.approx(foretold, abs=0.06), "mine")
    assert foretold == pytest.approx((queued + 1) / 4, abs=0.06)


def test_a_wait_that_would_be_too_long_is_predicted() -> None:
    scene = Scene(ceiling=RateLimit(per_second=0.1))
    assert scene.passes_at_once() is not None
    with pytest.raises(WaitTooLong) as caught:
        scene.gates.wait(SCOPE, deadline=scene.world.now + 5, clock=scene.world, longest_closed=60)
    assert caught.value.retry_after == pytest.approx(10)

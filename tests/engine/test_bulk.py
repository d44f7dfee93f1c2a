"""Many calls at once: every row gets its outcome, whatever happens to the others."""

import asyncio
import gc
import threading
import time
import warnings
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave._many import CONCURRENCY, Many
from hexclave.bulk import AsyncOutcomes, Failure, Outcomes, Success, performed, performed_async
from hexclave.errors import HexclaveError, UnsafeUseError
from hexclave_api.operation import Operation
from tests.e2e.calling import check_reveals_nothing

PASSWORD = "1not2a3real4password5"


@pytest.fixture(params=["blocking", "async"])
def mode(request):
    return request.param


def described(row):
    """Return the call for a row; `None` for a row without the required values."""
    if row is None:
        raise TypeError("no call can be made of this")
    return Operation("try", "GET", "/{row}", (str(row),), ("server",), parse=str)


class Performer:
    """Takes some time for each call; fails for some rows; counts calls."""

    def __init__(self, seconds=lambda _: 0.0, failing=(), error=HexclaveError):
        self.seconds, self.failing, self.error = seconds, failing, error
        self.begun, self.ended, self.most, self.under_way = [], [], 0, 0
        self.lock = threading.Lock()

    def _begin(self, row):
        with self.lock:
            self.begun.append(row)
            self.under_way += 1
            self.most = max(self.most, self.under_way)

    def _end(self, row):
        with self.lock:
            self.under_way -= 1
            self.ended.append(row)
        if row in self.failing:
            raise self.error(f"{row} failed")
        return f"done {row}"

    def __call__(self, operation):
        (row,) = operation.path
        self._begin(row)
        time.sleep(self.seconds(row))
        return self._end(row)

    async def awaited(self, operation):
        (row,) = operation.path
        self._begin(row)
        await asyncio.sleep(self.seconds(row))
        return self._end(row)


def stream(mode, many, performer, seen):
    """Collect all outcomes in `seen`."""
    if mode == "blocking":
        for outcome in performed(many, performer):
            seen.append(outcome)
        return

    async def main():
        async for outcome in performed_async(many, performer.awaited):
            seen.append(outcome)

    asyncio.run(main())


def outcomes(mode, rows, performer=None, **options):
    seen = []
    stream(mode, Many(rows, described, **options), performer or Performer(), seen)
    return seen


def test_every_row_has_its_outcome_in_order(mode):
    """Although later rows complete earlier."""
    slow_first = Performer(seconds=lambda row: 0.05 if row == "0" else 0.0)
    got = outcomes(mode, range(20), slow_first, concurrency=4)
    assert [(each.row, each.value) for each in got] == [(row, f"done {row}") for row in range(20)]
    assert slow_first.ended[-1] != "19" or slow_first.ended[0] != "0"


def test_outcomes_come_as_they_are_there_if_order_does_not_matter(mode):
    slow_first = Performer(seconds=lambda row: 0.2 if row == "0" else 0.0)
    got = outcomes(mode, range(20), slow_first, concurrency=4, ordered=False)
    assert got[-1].row == 0
    assert sorted(each.row for each in got) == list(range(20))


@given(st.lists(st.integers(0, 60), max_size=80), st.sets(st.integers(0, 60)), st.integers(1, 9), st.booleans())
def test_nothing_is_lost_and_nothing_done_twice(rows, failing, concurrency, ordered):
    performer = Performer(failing={str(row) for row in failing})
    got = outcomes("async", rows, performer, concurrency=concurrency, ordered=ordered)
    assert sorted(each.row for each in got) == sorted(rows)
    assert sorted(performer.begun) == sorted(map(str, rows))
    assert all(each.ok == (each.row not in failing) for each in got)
    if ordered:
        assert [each.row for each in got] == rows


@pytest.mark.parametrize("error", [HexclaveError, ValueError, KeyError, RuntimeError])
@pytest.mark.parametrize("ordered", [True, False])
def test_a_row_that_fails_does_not_stop_the_others(mode, ordered, error):
    got = outcomes(mode, range(30), Performer(failing={"3", "29"}, error=error), ordered=ordered)
    failed = {each.row: each.error for each in got if not each.ok}
    assert len(got) == 30
    assert {row: type(each) for row, each in failed.items()} == {3: error, 29: error}


def test_a_row_that_makes_no_call_is_an_outcome_too(mode):
    got = outcomes(mode, [1, None, 2, None], concurrency=2)
    assert [each.ok for each in got] == [True, False, True, False]
    assert type(got[1].error) is TypeError


def test_a_result_is_the_value_or_raises_the_error(mode):
    good, bad = outcomes(mode, [1, 2], Performer(failing={"2"}))
    assert good.result() == "done 1"
    with pytest.raises(HexclaveError, match="2 failed"):
        bad.result()


def broken_after(count):
    yield from range(count)
    raise LookupError("the file ends in the middle of a line")


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("count", [0, 3, 100])
def test_an_error_of_the_source_comes_after_the_outcomes_of_its_rows(mode, ordered, count):
    seen = []
    with pytest.raises(LookupError, match="middle of a line"):
        stream(mode, Many(broken_after(count), described, 4, ordered), Performer(), seen)
    assert sorted(each.row for each in seen) == list(range(count))


@pytest.mark.parametrize("ordered", [True, False])
def test_no_more_calls_are_under_way_than_allowed_and_as_many(mode, ordered):
    performer = Performer(seconds=lambda _: 0.02)
    outcomes(mode, range(40), performer, concurrency=5, ordered=ordered)
    assert performer.most == 5


def test_one_slow_call_does_not_stop_the_rest(mode):
    """Even in order: the others continue while the first is awaited."""
    performer = Performer(seconds=lambda row: 0.3 if row == "0" else 0.0)
    outcomes(mode, range(12), performer, concurrency=3)
    assert performer.ended[-1] == "0"


def test_rows_are_taken_as_they_are_needed(mode):
    """An endless source is allowed."""
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield taken

    def first_three_blocking():
        stream = performed(Many(endless(), described, 2), Performer())
        got = [next(stream).row for _ in range(3)]
        stream.close()
        return got

    async def first_three():
        stream = performed_async(Many(endless(), described, 2), Performer().awaited)
        got = [(await anext(stream)).row for _ in range(3)]
        await stream.aclose()
        return got

    assert (first_three_blocking() if mode == "blocking" else asyncio.run(first_three())) == [1, 2, 3]
    assert taken < 20


def workers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("hexclave-bulk")]


@pytest.mark.parametrize("ordered", [True, False])
def test_leaving_the_loop_ends_the_threads_and_takes_up_no_more_rows(ordered):
    performer = Performer(seconds=lambda row: 0.0 if row == "0" else 0.3)
    for _ in performed(Many(range(1_000), described, 4, ordered), performer):
        break
    assert workers() == []
    assert performer.under_way == 0
    begun = len(performer.begun)
    assert begun <= 8  # the calls in flight, but not those read ahead
    time.sleep(0.05)
    assert len(performer.begun) == begun


@pytest.mark.parametrize("ordered", [True, False])
def test_leaving_the_loop_cancels_the_tasks(ordered):
    performer = Performer(seconds=lambda row: 0.0 if row == "0" else 30.0)

    async def main():
        async for _ in performed_async(Many(range(1_000), described, 4, ordered), performer.awaited):
            break
        await asyncio.sleep(0.01)  # the loop closes the rest when it gets to it
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(main()) == set()
    assert performer.ended == ["0"]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_cancelled_consumer_leaves_no_task_behind(ordered):
    performer = Performer(seconds=lambda _: 30.0)

    async def consume():
        async for _ in performed_async(Many(range(1_000), described, 4, ordered), performer.awaited):
            pass

    async def main():
        consumer = asyncio.ensure_future(consume())
        await asyncio.sleep(0.02)
        consumer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await consumer
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(main()) == set()
    assert len(performer.begun) == 4
    assert performer.ended == []


def test_rows_that_are_done_are_left_out(mode):
    performer = Performer()
    got = outcomes(mode, range(10), performer, key=lambda row: f"row {row}", done={"row 0", "row 7"})
    assert [each.row for each in got] == [1, 2, 3, 4, 5, 6, 8, 9]
    assert sorted(performer.begun) == sorted(map(str, [1, 2, 3, 4, 5, 6, 8, 9]))


def test_a_row_without_a_key_fails_alone(mode):
    """It is not sent: later runs could not detect that it was done."""
    performer = Performer()
    got = outcomes(mode, [{"key": 1}, {}], performer, key=lambda row: row["key"], done={5})
    assert [type(each.error) for each in got] == [type(None), KeyError]
    assert len(performer.begun) == 1


def test_the_set_of_completed_rows_may_grow_with_the_outcomes():
    """So one set is enough to skip repeated rows."""
    done = set()
    performer = Performer()
    for outcome in performed(Many([1] * 50, described, 1, key=lambda row: row, done=done), performer):
        done.add(outcome.row)
    assert 1 <= len(performer.begun) <= 5


@pytest.mark.parametrize("concurrency", [0, -1, 1.5, "8", None, True])
def test_a_concurrency_that_is_none_is_refused(concurrency):
    with pytest.raises(UnsafeUseError, match="concurrency must be a positive integer"):
        Many([], described, concurrency)


def test_skipping_completed_rows_needs_a_key():
    with pytest.raises(UnsafeUseError, match="done requires key"):
        Many([], described, done={"a"})


def test_no_rows_give_no_outcomes(mode):
    assert outcomes(mode, []) == []


def test_an_outcome_shows_neither_row_nor_password(mode):
    def refusing(row):
        raise ValueError("no such field")

    for describe in (described, refusing):
        seen = []
        performer = Performer(failing={"1"})
        row = {"password": PASSWORD}
        stream(mode, Many([row], lambda _: describe("1"), CONCURRENCY), performer, seen)  # noqa: B023 - run at once
        assert not seen[0].ok
        assert PASSWORD not in repr(seen[0])
        with pytest.raises((HexclaveError, ValueError)) as caught:
            seen[0].result()
        del row
        check_reveals_nothing(caught.value, (PASSWORD,))


def test_memory_does_not_grow_with_the_rows(mode):
    """Completed rows and values are released."""
    living = weakref.WeakSet()
    most = 0

    class Row:
        def __init__(self):
            living.add(self)

    async def nothing(_):
        return None

    many = Many((Row() for _ in range(3_000)), lambda _: described("1"), 4)
    if mode == "blocking":
        for _ in performed(many, lambda _: None):
            most = max(most, len(living))
    else:

        async def main():
            nonlocal most
            async for _ in performed_async(many, nothing):
                most = max(most, len(living))

        asyncio.run(main())
    assert most <= 4 * 4 + 4


def test_an_outcome_knows_whether_it_is_good():
    assert Success(1, 2).ok
    assert not Failure(1, ValueError()).ok


def made(mode, rows, performer=None):
    many = Many(rows, described, name="users.create_many")
    performer = performer or Performer()
    return Outcomes(many, performer) if mode == "blocking" else AsyncOutcomes(many, performer.awaited)


def test_unconsumed_outcomes_cause_a_warning(mode):
    """Otherwise `app.users.create_many(rows)` as a statement would silently do nothing."""
    performer = Performer()

    def forget():
        made(mode, ["a"], performer)
        gc.collect()

    with pytest.warns(RuntimeWarning, match=r"users\.create_many\(\) was never used.*\.run\(\)"):
        forget()
    assert performer.begun == []


def test_consumed_outcomes_cause_no_warning(mode):
    async def first(stream):
        async for outcome in stream:
            return outcome
        return None

    async def closed(stream):
        await stream.aclose()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if mode == "blocking":
            assert next(made(mode, ["a", "b"])).ok
            made(mode, ["a"]).close()
            assert [outcome.ok for outcome in made(mode, ["a", "b"])] == [True, True]
        else:
            assert asyncio.run(first(made(mode, ["a", "b"]))).ok
            asyncio.run(closed(made(mode, ["a"])))
        gc.collect()


def test_run_goes_through_all_rows_and_keeps_what_failed(mode):
    def describe(row):
        if row == "typo":
            raise TypeError("no such argument")
        return described(row)

    async def run(stream):
        return await stream.run()

    many, performer = Many(["a", "typo", "b", "c"], describe), Performer()
    if mode == "blocking":
        summary = Outcomes(many, performer).run()
    else:
        summary = asyncio.run(run(AsyncOutcomes(many, performer.awaited)))
    assert (summary.succeeded, summary.failed, summary.total, summary.ok) == (3, 1, 4, False)
    assert [(failure.row, type(failure.error)) for failure in summary.failures] == [("typo", TypeError)]
    assert repr(summary) == "<Summary: 3 succeeded, 1 failed>"

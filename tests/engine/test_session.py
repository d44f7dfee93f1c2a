"""Reuse, refresh and end of a session's tokens."""

import asyncio
import threading

import pytest

from hexclave._engine.exchange import exchange
from hexclave._steps import Send, Sleep, Wait
from hexclave.errors import (
    AccessTokenExpired,
    APIConnectionError,
    HexclaveError,
    SessionExpired,
    TotalTimeout,
    UnparsableAccessToken,
)
from hexclave.retries import Retries
from hexclave.tokens import MemoryTokenStore, Tokens
from tests.playing import FakeClock, access_token, context, known_error, operation, play, reply

REFRESH_URL = "https://api.example.com/api/v1/auth/sessions/current/refresh"
GONE = known_error(401, "REFRESH_TOKEN_NOT_FOUND_OR_EXPIRED")
EXPIRED = known_error(401, "ACCESS_TOKEN_EXPIRED")


class Setting:
    """A client app with a session whose access token has this age and lifetime."""

    def __init__(self, *, age=0.0, lifetime=600.0, refresh_token="refresh-1", **options):
        self.clock = FakeClock()
        self.old = access_token(self.clock, age=age, lifetime=lifetime, name="old")
        self.store = MemoryTokenStore(Tokens(self.old, refresh_token))
        self.app = context("client", session=self.store, clock=self.clock, **options)

    def new(self, name="new"):
        return access_token(self.clock, name=name)

    def refreshed(self, name="new"):
        return lambda _request: reply(200, {"access_token": self.new(name)})

    def play(self, *outcomes, **how):
        return play(self.app, operation(**how), *outcomes)


def sent_tokens(played):
    return [request.headers.get("x-stack-access-token") for request in played.sent]


def test_a_fresh_token_is_reused():
    s = Setting(age=10)
    assert sent_tokens(s.play(reply())) == [s.old]


@pytest.mark.parametrize(("age", "lifetime"), [(76, 600), (0, 19), (590, 600), (700, 600)])
def test_an_old_or_nearly_expired_token_is_refreshed_first(age, lifetime):
    s = Setting(age=age, lifetime=lifetime)
    played = s.play(s.refreshed(), reply())
    assert [request.url for request in played.sent] == [REFRESH_URL, "https://api.example.com/api/v1/users/u1"]
    assert sent_tokens(played) == [None, s.store.load().access_token.reveal()]
    assert s.store.load().refresh_token.reveal() == "refresh-1"


def test_the_refresh_sends_the_refresh_token_and_no_access_token():
    """With an expired access token, the API refuses the refresh."""
    s = Setting(age=700)
    refresh, call = s.play(s.refreshed(), reply()).sent
    assert refresh.headers["x-stack-refresh-token"] == "refresh-1"
    assert "x-stack-access-token" not in refresh.headers
    assert "x-stack-refresh-token" not in call.headers


def test_without_a_refresh_token_the_access_token_is_sent_as_it_is():
    """The API judges it better than our clock, and its error reaches the caller."""
    s = Setting(age=700, refresh_token=None)
    played = s.play(EXPIRED)
    assert sent_tokens(played) == [s.old]
    assert isinstance(played.error, AccessTokenExpired)


def test_signed_out_calls_carry_no_token():
    s = Setting()
    s.store.save(None)
    assert sent_tokens(s.play(reply())) == [None]


@pytest.mark.parametrize(
    "code", ["ACCESS_TOKEN_EXPIRED", "UNPARSABLE_ACCESS_TOKEN", "INVALID_PROJECT_FOR_ACCESS_TOKEN"]
)
def test_a_refused_access_token_leads_to_one_refresh_and_one_repetition(code):
    s = Setting()
    played = s.play(known_error(401, code), s.refreshed(), reply(200, {"id": 1}))
    assert played.result == {"id": 1}
    assert len(played.sent) == 3
    assert not played.slept


def test_a_token_that_is_refused_again_is_an_error_and_no_loop():
    s = Setting()
    played = s.play(EXPIRED, s.refreshed(), known_error(401, "UNPARSABLE_ACCESS_TOKEN"))
    assert isinstance(played.error, UnparsableAccessToken)
    assert len(played.sent) == 3


def test_a_post_is_repeated_after_a_refused_token_because_it_was_not_carried_out():
    s = Setting()
    played = s.play(EXPIRED, s.refreshed(), reply(200, {"id": 1}), method="POST", body={"a": 1})
    assert [request.content for request in played.sent] == [b'{"a":1}', b"{}", b'{"a":1}']


def test_a_session_that_is_over_signs_out_and_raises_session_expired():
    s = Setting(age=700)
    played = s.play(GONE)
    assert isinstance(played.error, SessionExpired)
    assert s.store.load() is None
    assert len(played.sent) == 1


def test_after_a_session_expired_calls_go_out_signed_out():
    s = Setting(age=700)
    s.play(GONE)
    assert sent_tokens(s.play(reply())) == [None]


def test_a_late_end_of_an_old_session_leaves_a_newer_sign_in_alone():
    s = Setting(age=700)

    def deleted_during_a_sign_in(_request):
        s.store.save(Tokens(s.new("other"), "refresh-2"))
        return GONE

    played = s.play(deleted_during_a_sign_in, reply())
    assert played.error is None
    assert s.store.load().refresh_token.reveal() == "refresh-2"
    assert sent_tokens(played)[-1] == s.store.load().access_token.reveal()


def test_a_late_refresh_does_not_overwrite_a_newer_sign_in():
    s = Setting(age=700)

    def refreshed_during_a_sign_in(request):
        s.store.save(Tokens(s.new("other"), "refresh-2"))
        return s.refreshed()(request)

    s.play(refreshed_during_a_sign_in, reply())
    assert s.store.load().refresh_token.reveal() == "refresh-2"


@pytest.mark.parametrize("failure", [APIConnectionError("down"), reply(500), reply(429, None, retry_after="600")])
def test_a_failed_refresh_is_an_error_and_keeps_the_tokens(failure):
    s = Setting(age=700, retries=Retries.OFF)
    before = s.store.load()
    played = s.play(failure)
    assert isinstance(played.error, HexclaveError)
    assert not isinstance(played.error, SessionExpired)
    assert s.store.load() is before


def test_a_skewed_clock_is_learnt_from_the_refreshed_token():
    """The local clock is an hour ahead, so every token looks expired until one refresh has revealed the offset."""
    s = Setting(age=3_600, lifetime=600)
    server = FakeClock(now=s.clock.now, unix=s.clock.unix - 3_600)
    new = access_token(server, name="new")
    played = s.play(lambda _: reply(200, {"access_token": new}), reply())
    assert (sent_tokens(played), played.error) == ([None, new], None)
    # Refreshing again would send no access token.
    played = s.play(reply())
    assert (sent_tokens(played), played.error) == ([new], None)


def test_the_total_timeout_covers_the_refresh():
    s = Setting(age=700, timeout=5)

    def slow(request):
        s.clock.pass_(request.total_timeout)
        return TotalTimeout("over")

    played = s.play(slow)
    assert isinstance(played.error, TotalTimeout)
    assert s.clock.now <= 1_005


@pytest.mark.parametrize(("timeout", "left"), [(5, 4.75), (0.5, 0.25), (None, None)])
def test_the_refresh_gets_the_time_that_is_left(timeout, left):
    s = Setting(age=700, timeout=timeout)

    def slow_load():
        s.clock.pass_(0.25)
        return MemoryTokenStore.load(s.store)

    calls = iter([s.store.load, slow_load, s.store.load, s.store.load])
    s.store.load = lambda: next(calls)()
    refresh, _ = s.play(s.refreshed(), reply()).sent
    assert refresh.total_timeout == left


def started(app):
    """Return a call after its first step."""
    steps = exchange(app, operation())
    return steps, step_to_io(steps, next(steps))


def step_to_io(steps, step):
    """Perform steps of the store until something is sent, sleeps or waits."""
    while not isinstance(step, (Send, Sleep, Wait)):
        step = steps.send(step.blocking())
    return step


def cancelled(steps, error):
    """Cancel the call; the remaining steps run, such as releasing the refresh ticket."""
    step = steps.throw(error)
    while True:
        step = steps.send(step.blocking())


def to_the_end(steps, step, answer):
    """Perform all steps of a call."""
    while True:
        try:
            outcome = answer(step.request) if isinstance(step, Send) else step.blocking()
        except Exception as error:
            step = steps.throw(error)
        else:
            step = steps.send(outcome)


def test_others_wait_for_the_refresh_under_way_and_share_its_result():
    s = Setting(age=700)
    leader, refresh = started(s.app)
    follower, wait = started(s.app)
    assert isinstance(refresh, Send)
    assert isinstance(wait, Wait)
    call = step_to_io(leader, leader.send(s.refreshed()(None)))
    assert wait.future.done()
    followed = step_to_io(follower, follower.send(True))
    assert [step.request.headers["x-stack-access-token"] for step in (call, followed)] == [
        s.store.load().access_token.reveal()
    ] * 2


def test_a_failed_refresh_is_an_error_for_all_who_waited_each_with_its_own_copy():
    s = Setting(age=700, retries=Retries.OFF)
    leader, _ = started(s.app)
    follower, _ = started(s.app)
    with pytest.raises(APIConnectionError) as first:
        step_to_io(leader, leader.throw(APIConnectionError("down")))
    with pytest.raises(APIConnectionError) as second:
        follower.send(True)
    assert first.value is not second.value
    assert s.store.load() is not None


class BrokenStore(MemoryTokenStore):
    """Fails in one of its methods."""

    def __init__(self, tokens, broken):
        super().__init__(tokens)
        setattr(self, broken, self.fail)

    def fail(self, *_):
        raise ConnectionError("the store is away")


@pytest.mark.parametrize("broken", ["begin_refresh", "compare_and_set", "end_refresh"])
def test_a_store_that_fails_is_an_error_for_all_who_waited_and_causes_one_refresh(broken):
    s = Setting(age=700)
    s.app = context("client", session=BrokenStore(s.store.load(), broken), clock=s.clock)
    leader = exchange(s.app, operation())
    under_way = leader.send(next(leader).blocking())
    followers = [started(s.app)[0] for _ in range(19)]
    sent = []
    with pytest.raises(ConnectionError, match="the store is away"):
        to_the_end(leader, under_way, lambda request: sent.append(request.url) or s.refreshed()(request))
    for steps in followers:
        with pytest.raises(ConnectionError, match="the store is away"):
            steps.send(True)
    assert sent == ([] if broken == "begin_refresh" else [REFRESH_URL])


class StoreOfProcesses(MemoryTokenStore):
    """Another process has the ticket at first, and has refreshed the tokens when it releases the ticket."""

    def __init__(self, tokens, refreshed, refusals):
        super().__init__(tokens)
        self.refreshed, self.refusals, self.given_back = refreshed, refusals, []

    def begin_refresh(self):
        if self.refusals:
            self.refusals -= 1
            return None
        self.save(self.refreshed)
        return "ticket"

    def end_refresh(self, ticket):
        self.given_back.append(ticket)


@pytest.mark.parametrize("refusals", [0, 1, 3])
def test_tokens_refreshed_by_another_process_are_not_refreshed_again(refusals):
    s = Setting(age=700)
    fresh = Tokens(s.new("theirs"), "refresh-1")
    store = StoreOfProcesses(s.store.load(), fresh, refusals)
    played = play(context("client", session=store, clock=s.clock, timeout=None), operation(), reply())
    assert sent_tokens(played) == [fresh.access_token.reveal()]
    assert played.slept == [0.1] * refusals
    assert store.given_back == ["ticket"]


def test_a_call_whose_time_ends_while_another_process_refreshes_is_an_error():
    s = Setting(age=700)
    store = StoreOfProcesses(s.store.load(), None, 1000)
    played = play(context("client", session=store, clock=s.clock, timeout=1), operation())
    assert isinstance(played.error, TotalTimeout)
    assert 0.8 <= sum(played.slept) <= 1
    assert store.given_back == []


def test_the_error_of_a_hook_concerns_its_caller_alone():
    s = Setting(age=700)
    leader, _ = started(s.app)
    follower, _ = started(s.app)
    with pytest.raises(ZeroDivisionError):
        cancelled(leader, ZeroDivisionError())
    assert isinstance(step_to_io(follower, follower.send(True)), Send)


@pytest.mark.parametrize("end", [asyncio.CancelledError, KeyboardInterrupt, GeneratorExit])
def test_the_next_caller_takes_over_a_cancelled_refresh(end):
    s = Setting(age=700)
    leader, _ = started(s.app)
    follower, _ = started(s.app)
    with pytest.raises(end):
        cancelled(leader, end())
    heir = step_to_io(follower, follower.send(True))
    assert isinstance(heir, Send)
    assert heir.request.url == REFRESH_URL


def test_a_refresher_whose_time_is_over_does_not_fail_those_with_more():
    s = Setting(age=700)
    leader, _ = started(s.app)
    follower, _ = started(s.app)
    with pytest.raises(TotalTimeout):
        step_to_io(leader, leader.throw(TotalTimeout("over")))
    assert isinstance(step_to_io(follower, follower.send(True)), Send)


def test_a_waiter_whose_time_is_over_leaves():
    s = Setting(age=700)
    _leader, _ = started(s.app)
    s.clock.pass_(1)
    follower, wait = started(s.app)
    assert wait.timeout == 60
    with pytest.raises(TotalTimeout):
        follower.send(False)


def test_many_threads_at_once_make_one_refresh():
    """Real threads, no simulated clock: all start with the same expired token."""
    s = Setting(age=700)
    refreshes = []
    start = threading.Barrier(50)

    def transport(request):
        if request.url == REFRESH_URL:
            refreshes.append(request)
            threading.Event().wait(0.05)
            return s.refreshed()(request)
        return reply(200, {"id": 1})

    results = []

    def call():
        start.wait()
        steps = exchange(s.app, operation())
        step = next(steps)
        try:
            while True:
                if isinstance(step, Send):
                    step = steps.send(transport(step.request))
                elif isinstance(step, Wait):
                    step = steps.send(step.future.result(5) is not None)
                else:
                    step = steps.send(step.blocking())
        except StopIteration as end:
            results.append(end.value)

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [{"id": 1}] * 50
    assert len(refreshes) == 1


def test_an_error_while_waiting_for_a_refresh_says_which_call_it_ended():
    s = Setting(age=700)
    _leader, _ = started(s.app)
    follower, _ = started(s.app)
    with pytest.raises(TotalTimeout) as caught:
        follower.send(False)
    assert (caught.value.method, caught.value.path, caught.value.attempts) == ("GET", "/users/u1", 1)

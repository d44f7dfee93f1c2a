"""A simulation in virtual time: workers that call through gates, and a server that limits them."""

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs

from hexclave._ratelimit.shared_gate import Swapped
from hexclave._steps import Sleep, Steps
from hexclave.ratelimit import Gates, Scope, Ticket, WaitTooLong

AFTER_5 = {"retry-after": "5"}
SCOPE = Scope("project", "server", "GET", "/users")


class World:
    """A clock that jumps from one event to the next."""

    def __init__(self, seed: int = 0, late: float = 0.002) -> None:
        self.now = 1000.0
        self.random = random.Random(seed)
        self._late = late
        self._events: list[tuple[float, int, Steps[Any]]] = []
        self._numbers = itertools.count()

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now + 1.8e9

    def start(self, task: Steps[Any], after: float = 0.0) -> None:
        heapq.heappush(self._events, (self.now + after, next(self._numbers), task))

    def run(self, until: float = math.inf) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, task = heapq.heappop(self._events)
            try:
                step = next(task)
            except StopIteration:
                continue
            assert isinstance(step, Sleep)
            # Threads and tasks never wake up early, and often a little late.
            self.start(task, step.seconds + self.random.random() * self._late)
        if until < math.inf:
            self.now = until


class Store:
    """Shared state in memory with a delay of some milliseconds, a clock of its own, and outages on demand."""

    def __init__(self, world: World, latency: float = 0.001) -> None:
        self.states: dict[str, str] = {}
        self.away = False
        self.swaps = 0
        self._world = world
        self._latency = latency

    def swap(self, key: str, expected: str, new: str) -> Steps[Swapped | None]:
        yield Sleep(self._latency / 2)
        if self.away:
            return None
        self.swaps += 1
        state = self.states.get(key, "")
        done = state == expected
        if done:
            state = self.states[key] = new
        now = self._world.now - 5e5
        yield Sleep(self._latency / 2)
        return Swapped(done, state, now)


class Limiter(Protocol):
    rate: float

    def take(self, now: float) -> tuple[bool, int, int, float]:
        """Return true if a request is accepted, then limit, remaining, and seconds until one is available again."""


class TokenBucket:
    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst, self.tokens, self.at = rate, burst, burst, -math.inf

    def take(self, now: float) -> tuple[bool, int, int, float]:
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        accepted = self.tokens >= 1
        if accepted:
            self.tokens -= 1
        return accepted, int(self.burst), int(self.tokens), max(0.0, (1 - self.tokens) / self.rate)


class FixedWindow:
    def __init__(self, limit: int, window: float) -> None:
        self.rate, self.limit, self.window, self.count, self.index = limit / window, limit, window, 0, -1

    def take(self, now: float) -> tuple[bool, int, int, float]:
        index = int(now / self.window)
        if index != self.index:
            self.index, self.count = index, 0
        accepted = self.count < self.limit
        if accepted:
            self.count += 1
        return accepted, self.limit, self.limit - self.count, (index + 1) * self.window - now


class SlidingLog:
    def __init__(self, limit: int, window: float) -> None:
        self.rate, self.limit, self.window = limit / window, limit, window
        self.log: deque[float] = deque()

    def take(self, now: float) -> tuple[bool, int, int, float]:
        while self.log and self.log[0] <= now - self.window:
            self.log.popleft()
        accepted = len(self.log) < self.limit
        if accepted:
            self.log.append(now)
        return accepted, self.limit, self.limit - len(self.log), self.log[0] + self.window - now


Headers = Callable[[bool, int, int, float, Limiter], Mapping[str, str]]


def silent(accepted: bool, limit: int, remaining: int, reset: float, limiter: Limiter) -> Mapping[str, str]:
    return {}


def retry_after(accepted: bool, limit: int, remaining: int, reset: float, limiter: Limiter) -> Mapping[str, str]:
    return {} if accepted else {"retry-after": str(math.ceil(reset))}


def legacy(accepted: bool, limit: int, remaining: int, reset: float, limiter: Limiter) -> Mapping[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(math.ceil(reset)),
    }


def draft(accepted: bool, limit: int, remaining: int, reset: float, limiter: Limiter) -> Mapping[str, str]:
    window = limit / limiter.rate
    return {
        "ratelimit-policy": f'"p";q={limit};w={window:g}',
        "ratelimit": f'"p";r={remaining};t={math.ceil(reset)}',
        **({} if accepted else {"retry-after": str(math.ceil(reset))}),
    }


@attrs.define
class Server:
    limiter: Limiter
    headers: Headers = silent
    accepted: int = 0
    refused: int = 0
    refused_at: list[float] = attrs.Factory(list)

    def answer(self, now: float) -> tuple[int, Mapping[str, str]]:
        accepted, limit, remaining, reset = self.limiter.take(now)
        if accepted:
            self.accepted += 1
        else:
            self.refused += 1
            self.refused_at.append(now)
        return (200 if accepted else 429), self.headers(accepted, limit, remaining, reset, self.limiter)


def worker(
    world: World,
    gates: Gates,
    server: Server,
    ends: float,
    worst: list[int],
    latency: float = 0.02,
    scope: Scope = SCOPE,
) -> Steps[None]:
    """Make sequential calls; every call is repeated until it is accepted."""
    while world.now < ends:
        status, attempts = 429, 0
        while status == 429:
            attempts += 1
            ticket = yield from gates.admit(scope, deadline=None, clock=world)
            trip = latency * (0.5 + world.random.random())
            yield Sleep(trip / 2)
            status, headers = server.answer(world.now)
            yield Sleep(trip / 2)
            gates.settle(ticket, status, headers, clock=world)
        worst.append(attempts)


class Scene:
    """A world with gates, and a log of the calls let through."""

    def __init__(self, **options: Any) -> None:
        self.world = World(late=0)
        self.began = self.world.now
        self.gates = Gates(**options)
        self.log: list[tuple[float, object]] = []

    @property
    def now(self) -> float:
        return self.world.now - self.began

    def passes_at_once(self, scope: Scope = SCOPE, **limits: Any) -> Ticket | None:
        """Return the ticket of a call that is let through without waiting; `None` if it has to wait."""
        steps = self.gates.admit(scope, clock=self.world, **{"deadline": None, **limits})
        try:
            next(steps)
        except StopIteration as end:
            ticket: Ticket = end.value
            return ticket
        steps.close()
        return None

    def refuse(self, scope: Scope = SCOPE, headers: dict[str, str] = AFTER_5) -> None:
        ticket = self.passes_at_once(scope)
        assert ticket is not None
        self.gates.settle(ticket, 429, headers, clock=self.world)

    def call(self, name: object, scope: Scope = SCOPE, deadline: float | None = None) -> Steps[None]:
        ends = None if deadline is None else self.began + deadline
        try:
            ticket = yield from self.gates.admit(scope, deadline=ends, clock=self.world)
        except WaitTooLong as wait:
            self.log.append((self.now, wait))
            return
        self.log.append((self.now, name))
        yield Sleep(0.02)
        self.gates.settle(ticket, 200, {}, clock=self.world)

    def queue(self, count: int, scope: Scope = SCOPE) -> None:
        for number in range(count):
            self.world.start(self.call(number, scope))
        self.world.run(self.world.now)

"""A limit for attempts to sign in, by address and by account, shared between processes like rate limits."""

import hashlib
import hmac
import json
import time
from collections import OrderedDict
from typing import Final

import attrs

from hexclave._ratelimit.shared_gate import SharedState, Swapped
from hexclave._steps import Steps
from hexclave.tokens._memory import ProcessLock
from hexclave_api.secret import Secret

PER_ADDRESS: Final = 60
"""Attempts in a burst from one address; people in one office share one."""
PER_ACCOUNT: Final = 10
PERIOD: Final = 300.0
"""Seconds until an exhausted limit has recovered completely; shorter than the lifetime of the state."""

_TRIES: Final = 5
_MOST: Final = 50_000


class MemoryState:
    """The state of this process, with the oldest entries dropped."""

    def __init__(self) -> None:
        self._states: OrderedDict[str, str] = OrderedDict()
        self._lock = ProcessLock()

    def swap(self, key: str, expected: str, new: str) -> Steps[Swapped | None]:
        with self._lock():
            state = self._states.get(key, "")
            done = state == expected
            if done:
                state = self._states[key] = new
                self._states.move_to_end(key)
                while len(self._states) > _MOST:
                    self._states.popitem(last=False)
        return Swapped(done, state, time.time())
        yield  # type: ignore[unreachable]  # a generator, like every other store


class Throttle:
    """Token buckets. Names are hashed with a secret, so that the store contains no email."""

    def __init__(self, secret: Secret, project_id: str, shared: SharedState | None) -> None:
        self._secret: Final = secret
        self._project_id: Final = project_id
        self._own: Final = MemoryState()
        self._shared: Final = shared

    def wait_for(self, address: str | None, account: str | None) -> Steps[float]:
        """Count an attempt; return 0, or the seconds after which the next one is allowed."""
        waits = [0.0]
        if address is not None:
            waits.append((yield from self._take("address", address, PER_ADDRESS)))
        if account:
            waits.append((yield from self._take("account", account.strip().lower(), PER_ACCOUNT)))
        return max(waits)

    def _take(self, kind: str, name: str, burst: int) -> Steps[float]:
        text = json.dumps([self._project_id, kind, name])
        hashed = hmac.new(self._secret.reveal().encode(), text.encode(), hashlib.sha256).hexdigest()
        wait = None if self._shared is None else (yield from _taken(self._shared, f"attempts:{hashed}", burst))
        if wait is None:  # not shared, or unreachable
            wait = yield from _taken(self._own, hashed, burst)
        return wait or 0.0


@attrs.frozen
class _Bucket:
    used: float
    at: float


def _taken(store: SharedState, key: str, burst: int) -> Steps[float | None]:
    """Take from the bucket; return the seconds to wait if it is empty, and `None` if the store is unreachable."""
    seen, now = "", time.time()
    for _ in range(_TRIES):
        bucket = _read(seen, now)
        used = max(0.0, bucket.used - max(0.0, now - bucket.at) * burst / PERIOD)
        if used + 1 > burst:
            return (used + 1 - burst) * PERIOD / burst
        swapped = yield from store.swap(key, seen, json.dumps({"used": used + 1, "at": now}))
        if swapped is None:
            return None
        if swapped.done:
            return 0.0
        seen, now = swapped.state, swapped.now
    return 1.0


def _read(text: str, now: float) -> _Bucket:
    try:
        stored = json.loads(text)
        return _Bucket(float(stored["used"]), float(stored["at"]))
    except (ValueError, TypeError, KeyError, OverflowError):
        return _Bucket(0.0, now)

"""The project's signing keys, cached as long as the API's cache headers allow.

Nothing runs in the background. The first caller after 80 % of that time refreshes them, while other callers continue
with the old keys.
"""

import copy
import logging
import math
import re
from collections.abc import Generator, Mapping
from typing import Any, Final, TypeAlias, TypeVar

import attrs

from hexclave._engine.context import Context
from hexclave._engine.exchange import exchange
from hexclave._messages import Reply
from hexclave._steps import Send, Step, Steps, Wait
from hexclave.credentials import HEADERS
from hexclave.errors import HexclaveError, TotalTimeout
from hexclave.verify._jwks import read_keys
from hexclave.verify._jws import PublicKey
from hexclave.verify._kinds import Kind
from hexclave_api.operation import Operation
from hexclave_api.operations.service import get_jwks
from hexclave_api.value import evolve

T = TypeVar("T")

Keys: TypeAlias = Mapping[str, PublicKey]
"""Keys by ID."""

FETCH_TIMEOUT: Final = 10.0
"""Maximum seconds of a fetch with all its retries, because a request waits for it."""
SHORTEST_LIFE: Final = 60.0
"""Minimum seconds that keys are cached, whatever the cache headers say."""
LONGEST_LIFE: Final = 24 * 3600.0
"""Maximum seconds that keys are cached, also while they cannot be refreshed."""
PAUSE: Final = 5.0
"""Minimum seconds between fetches because of unknown key IDs, or after a failure without cached keys."""
PAUSE_WITH_OLD_KEYS: Final = 60.0
"""Seconds until the next fetch after a failure, if there are cached keys."""

_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})(?!\d)", re.IGNORECASE)
_AS_SDK: Final = frozenset(HEADERS.values())

logger: Final = logging.getLogger("hexclave.verify")


@attrs.frozen(eq=False)
class Snapshot:
    """The keys of a fetch. Times are those of the monotonic clock."""

    by_id: Keys
    refresh_at: float
    usable_until: float
    by_header: dict[bytes, PublicKey] = attrs.field(factory=dict)
    """Keys by encoded token headers seen on valid tokens, which avoids decoding those again."""


class Document:
    """The JWKS document for a kind of user, which also has the keys of the kinds before it."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.snapshot: Snapshot | None = None
        self.asked_at = -math.inf
        """Time of the end of the last fetch."""
        self._failure: HexclaveError | None = None

    def current(self, app: Context) -> Steps[Snapshot]:
        """Return usable keys, refreshing them when due.

        Raises:
            HexclaveError: no keys are cached and fetching them failed.
        """
        while True:
            snapshot, now = self.snapshot, app.clock.monotonic()
            if snapshot is not None and now < snapshot.refresh_at:
                return snapshot
            seen = self.asked_at
            if snapshot is None or now >= snapshot.usable_until:
                if self._failure is not None and now - seen < PAUSE:
                    raise copy.copy(self._failure)
                yield from self.fetch(app, seen)
                continue
            flight, leading = app.shared.in_flight.join(self)
            if leading:
                try:
                    yield from self._lead(app, flight, seen)
                except HexclaveError as error:
                    logger.warning("The signing keys could not be refreshed; the cached keys stay in use: %s", error)
            return self.snapshot or snapshot

    def fetch(self, app: Context, seen: float) -> Steps[None]:
        """Fetch the keys once for all concurrent callers; does nothing if `asked_at` is newer than `seen`.

        Raises:
            HexclaveError: the fetch failed.
        """
        flight, leading = app.shared.in_flight.join(self)
        if leading:
            return (yield from self._lead(app, flight, seen))
        if not (yield Wait(flight, _seconds(app))):
            raise TotalTimeout("Fetching the signing keys timed out.")
        outcome = flight.result()
        if isinstance(outcome, HexclaveError):
            # A copy for each thread, because raising the same error in several would mix up their tracebacks.
            raise copy.copy(outcome)
        return None

    def _lead(self, app: Context, flight: Any, seen: float) -> Steps[None]:
        outcome: HexclaveError | None = None
        try:
            if self.asked_at == seen:
                yield from self._load(app)
        except HexclaveError as error:
            if not _was_hasty(app, error):
                outcome = error
            raise
        finally:
            app.shared.in_flight.finish(self, flight, outcome)

    def _load(self, app: Context) -> Steps[None]:
        operation = _of_keys(get_jwks(app.project_id, **self._kind.include))
        try:
            keys, reply = yield from _with_reply(exchange(_without_credentials(app), operation))
        except HexclaveError as error:
            now = self.asked_at = app.clock.monotonic()
            hasty = _was_hasty(app, error)
            if not hasty:
                self._failure = copy.copy(error)
            if self.snapshot is not None:
                again = now + (PAUSE if hasty else PAUSE_WITH_OLD_KEYS)
                self.snapshot = attrs.evolve(self.snapshot, refresh_at=min(again, self.snapshot.usable_until))
            raise
        self._failure = None
        now, life = app.clock.monotonic(), _life(reply)
        old = self.snapshot
        if old is not None and old.by_id == keys:
            # Keeping the same object keeps remembered tokens valid.
            keys = old.by_id
        self.snapshot = Snapshot(keys, now + 0.8 * life, now + LONGEST_LIFE)
        self.asked_at = now


class SigningKeys:
    """The JWKS documents of a project, each fetched for the first token of its kind."""

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self._documents = {kind.name: Document(kind) for kind in kinds}
        self._before = dict(zip([kind.name for kind in kinds], [None, *self._documents.values()], strict=False))

    def document(self, kind: Kind) -> Document:
        return self._documents[kind.name]

    def at_hand(self, kind: Kind) -> Snapshot | None:
        """Return the cached keys for this kind of user, fresh or not."""
        return self._documents[kind.name].snapshot

    def find(self, app: Context, kind: Kind, kid: str) -> Steps[Snapshot | None]:
        """Return the keys that include `kid` for this kind of user, or `None` if a fresh document does not.

        Raises:
            HexclaveError: no keys are cached and fetching them failed.
        """
        document, before = self._documents[kind.name], self._before[kind.name]
        while True:
            # Read first, so that a fetch that ends after this line counts as newer.
            seen = document.asked_at
            narrower = () if before is None else (yield from before.current(app)).by_id
            snapshot = yield from document.current(app)
            if kid in snapshot.by_id and kid not in narrower:
                return snapshot
            if app.clock.monotonic() - seen < PAUSE or kid in narrower:
                return None
            try:
                yield from document.fetch(app, seen)
            except HexclaveError as error:
                logger.warning("A token has an unknown key ID, and the signing keys could not be fetched: %s", error)
                return None


def _of_keys(operation: Operation[Any]) -> Operation[Keys]:
    """Return the operation with a parser that skips entries unknown to the model."""
    return evolve(operation, parse=read_keys)


def _without_credentials(app: Context) -> Context:
    """Return the app without credentials, because the document is public and proxies may cache it."""
    headers = {name: value for name, value in app.static_headers().items() if name not in _AS_SDK}
    return app._replace(
        static_headers=headers.copy,
        publishable_client_key=None,
        session=None,
        admin_access_token=None,
        timeout=evolve(app.timeout, total=_seconds(app)),
    )


def _seconds(app: Context) -> float:
    """Return the timeout of a fetch."""
    return FETCH_TIMEOUT if app.timeout.total is None else min(app.timeout.total, FETCH_TIMEOUT)


def _was_hasty(app: Context, error: HexclaveError) -> bool:
    """Return whether the fetch failed only because this app's timeout is shorter than that of others."""
    return isinstance(error, TotalTimeout) and _seconds(app) < FETCH_TIMEOUT


def _with_reply(steps: Steps[T]) -> Generator[Step, Any, tuple[T, Reply]]:
    """Return the value of an exchange with its last reply, whose headers are needed."""
    reply: Any = None
    try:
        step = next(steps)
        while True:
            try:
                outcome = yield step
            except BaseException as error:
                step = steps.throw(error)
            else:
                if isinstance(step, Send):
                    reply = outcome
                step = steps.send(outcome)
    except StopIteration as end:
        return end.value, reply


def _life(reply: Reply) -> float:
    """Return the seconds for which the reply may be cached."""
    control = reply.headers.get("cache-control", "")
    match = _MAX_AGE.search(control)
    age = reply.headers.get("age", "")
    life = float(match[1]) if match else 0.0
    if age.isascii() and age.isdigit():
        life -= float(age[:9])
    return min(max(life, SHORTEST_LIFE), LONGEST_LIFE)

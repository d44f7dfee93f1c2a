"""The emulator: state, clock, faults and log, and the handling of requests."""

import contextlib
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from hexclave_emulator import operations
from hexclave_emulator.checking.releases import LATEST, Release
from hexclave_emulator.credentials import tokens
from hexclave_emulator.domains.projects import PROJECTS, Project
from hexclave_emulator.domains.seed import Ready, ready_project
from hexclave_emulator.http import control, pipeline
from hexclave_emulator.mail.messages import MAILS, Mail
from hexclave_emulator.messages.exchange import HttpRequest, JsonObject, Reply, text
from hexclave_emulator.messages.faults import Faults
from hexclave_emulator.messages.refusals import Refusal
from hexclave_emulator.routing.routes import Router
from hexclave_emulator.state.clock import Clock
from hexclave_emulator.state.ids import secret
from hexclave_emulator.state.storage import Storage
from hexclave_emulator.state.tables import Snapshot, State, table
from hexclave_emulator.webhooks.deliveries import Deliveries
from hexclave_emulator.webhooks.endpoints import DELIVERIES

_LOG: Final = logging.getLogger("hexclave_emulator")


@attrs.frozen(kw_only=True)
class ServerSecret:
    """The secret that the signing keys are derived from."""

    id: str
    value: str


SECRETS: Final = table("secrets", ServerSecret)


@attrs.frozen
class Logged:
    """A request with its reply."""

    number: int
    """Counted from 1 since the start or the last reset."""
    at_millis: int
    request: HttpRequest
    reply: Reply
    duration: float
    """Seconds."""

    @property
    def code(self) -> str | None:
        """The known error code of the reply."""
        return self.reply.headers.get("x-stack-known-error")

    @property
    def json(self) -> Any:
        """The body that was sent, decoded; `None` if there was none or it is not JSON."""
        try:
            return json.loads(self.request.content)
        except (ValueError, RecursionError):
            return None


class Emulator:
    """A Hexclave server in this process. Its methods may be called from any thread.

    Args:
        db: a SQLite file that stores the state; without it, the state is lost when the process ends.
        stub: answer operations that the emulator does not implement with an example that matches the description.
        release: the version of the API to emulate.
        ready: create a project with keys.

    Raises:
        ValueError: `db` is not a state file of the emulator.
    """

    def __init__(
        self, *, db: Path | None = None, stub: bool = False, release: Release = LATEST, ready: bool = True
    ) -> None:
        operations.load()
        self.state: State = State()
        self.clock: Clock = Clock()
        self.faults: Faults = Faults()
        self.log: deque[Logged] = deque(maxlen=10_000)
        """The latest requests, oldest first."""
        self.release = release
        self.stub = stub
        self.token_life = 600
        """Lifetime of an access token in seconds."""
        self.short_coordinates = False
        """Sign with keys that have a coordinate below 32 bytes, as some of the API's do."""
        self.snapshots: dict[str, Snapshot] = {}
        """Snapshots named over HTTP."""
        self.beyond_loopback = False
        """True to answer control requests for hosts other than this machine."""
        self.lock: threading.RLock = threading.RLock()
        self.deliveries: Final = Deliveries(self)
        self.clock.on_change = self.deliveries.wake
        self.router: Router = Router(release)
        self._answered = 0
        self._claims: dict[str, JsonObject] = {}
        self._storage = Storage(db) if db is not None else None
        self._ready_wanted = ready
        if self._storage is not None:
            self.state.restore(self._storage.load())
        self.ready: Ready | None = None
        self._begin()
        self.deliveries.wake()

    # -- requests

    def handle(self, request: HttpRequest) -> Reply:
        """Answer one request in one transaction, which is stored before this returns."""
        began = time.perf_counter()
        with self.lock:
            if control.owns(request):  # control requests must not affect faults or the log
                return pipeline.finished(self, request, self._answer(request))
            fault = self.faults.take(request.method, request.path)
            reply = fault.reply() if fault is not None else None
            if reply is None:
                reply = pipeline.finished(self, request, self._answer(request))
            if fault is not None and fault.delay:
                reply = attrs.evolve(reply, delay=fault.delay)
            self._record(request, reply, began)
            return reply

    def perform(self, request: HttpRequest, *, is_logged: bool) -> Reply:
        """Answer one request to which no fault applies, as the emulator's page makes them."""
        began = time.perf_counter()
        with self.lock:
            reply = pipeline.finished(self, request, self._answer(request))
            if is_logged:
                self._record(request, reply, began)
            return reply

    def _record(self, request: HttpRequest, reply: Reply, began: float) -> None:
        self._answered += 1
        self.log.append(Logged(self._answered, self.clock.millis(), request, reply, time.perf_counter() - began))

    def _answer(self, request: HttpRequest) -> Reply:
        try:
            try:
                reply = pipeline.perform(self, request)
            except Refusal as refusal:
                reply = refusal.reply
                if not refusal.keep:
                    self.state.undo()
            self._keep()
        except Exception:
            self.state.undo()
            _LOG.exception("%s %s failed inside the emulator", request.method, request.path)
            return text("The emulator failed; see its log.", status=500)
        return reply

    # -- tokens

    @property
    def secret(self) -> str:
        """The secret that the signing keys are derived from."""
        found = self.state[SECRETS].get("server")
        if found is None:
            raise LookupError("the emulator has no server secret")
        return found.value

    def project(self, project_id: str) -> Project:
        """Return the project with this id, which must exist."""
        found = self.state[PROJECTS].get(project_id)
        if found is None:
            raise LookupError(f"there is no project {project_id}")
        return found

    def token_claims(self, token: str) -> JsonObject | None:
        """Return the claims of a token signed by this emulator, expired or not."""
        found = self._claims.get(token)
        if found is None:
            found = tokens.read(token, self.secret, short=self.short_coordinates)
            if found is not None:
                if len(self._claims) > 10_000:
                    self._claims.clear()
                self._claims[token] = found
        return found

    # -- state

    @contextlib.contextmanager
    def transaction(self) -> Iterator[State]:
        """Return the state for changes outside a request; committed at the end, rolled back if the block raises."""
        with self.lock:
            try:
                yield self.state
            except BaseException:
                self.state.undo()
                raise
            self._keep()

    def snapshot(self) -> Snapshot:
        """Return a snapshot of the whole state, for `restore`."""
        with self.lock:
            return self.state.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Restore the state of the snapshot. Clock, faults and log are unchanged."""
        with self.lock:
            self.state.restore(snapshot)
            self._claims.clear()
            if self._storage is not None:
                self._storage.replace(snapshot)
            self.deliveries.wake()

    def reset(self) -> None:
        """Start from scratch: new keys, no users, real time, no faults, an empty log."""
        with self.lock:
            self.restore(Snapshot({}, 0))
            self.clock.reset()
            self.faults.clear()
            self.log.clear()
            self._answered = 0
            self._begin()

    def rotate_signing_keys(self) -> None:
        """Sign with new keys from now on. Tokens that were signed with the old ones are no longer valid."""
        with self.lock:
            server = self.state[SECRETS].get("server")
            if server is not None:
                self.state[SECRETS].update(server, value=secret())
            self._claims.clear()
            self._keep()

    def close(self) -> None:
        """Stop delivering webhooks and close the state file."""
        self.deliveries.stop()
        if self._storage is not None:
            self._storage.close()

    @property
    def outbox(self) -> list[Mail]:
        """Emails sent, oldest first."""
        with self.lock:
            return list(self.state[MAILS])

    def _begin(self) -> None:
        if self.state[SECRETS].get("server") is None:
            self.state[SECRETS].insert(ServerSecret(id="server", value=secret()))
        self.ready = ready_project(self.state, now=self.clock.millis()) if self._ready_wanted else None
        self._keep()

    def _keep(self) -> None:
        changes = self.state.keep()
        if not changes:
            return
        if self._storage is not None:
            self._storage.write(changes)
        if any(name == DELIVERIES.name for name, *_ in changes):
            self.deliveries.wake()

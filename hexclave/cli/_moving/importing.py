"""A run of an import: every row is created once, even if the process is killed at any moment."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hexclave import errors
from hexclave.cli._moving.journal import Entry, Journal, State
from hexclave.cli._moving.reading import Row, Source
from hexclave.cli._moving.records import MARK, Convert, Record, What, converted, marked
from hexclave_api.operation import Operation
from hexclave_api.operations import teams, users

if TYPE_CHECKING:
    from hexclave import HexclaveAdminApp, HexclaveServerApp

ServerOrAdmin: TypeAlias = "HexclaveAdminApp | HexclaveServerApp"

_BLOCK: Final = 100
"""Rows recorded at once before they are sent: one write to the disk for all of them."""
_SETTLING: Final = 2.0
"""Seconds after which the server has processed whatever a killed process sent."""
_CLOCKS: Final = 60_000
"""Milliseconds by which the clocks of the API's servers may differ."""
_PATIENCE: Final = 20
"""Calls without a usable reply, one after the other, after which the run stops."""


def records_of(source: Source, what: What, convert: Convert | None) -> Iterator[Record]:
    """Yield the records of a file."""
    for row in source:
        yield converted(row, what, convert)


class Import:
    """Sends the rows of a file that the journal does not know to be done.

    The mark in `server_metadata` tells which row made a user or team. After a lost reply or a killed process, the rows
    that were in flight are looked up by it, newest first, and only those that do not exist are sent.
    """

    def __init__(
        self, app: ServerOrAdmin, journal: Journal, source: Source, what: What, convert: Convert | None
    ) -> None:
        self._app, self._journal, self._source = app, journal, source
        self._convert = convert
        self._what: What = what
        self._floor = 0
        self._unanswered = 0
        self._calls: dict[int, tuple[Record, bool]] = {}
        """Records by the identity of the operation in flight, and whether it sets the second factor."""
        self._secrets: deque[tuple[Record, str]] = deque()
        """Created users whose second factor has not been set."""

    def run(self, progress: Callable[[], None]) -> None:
        """Send all rows; `progress` is called after each.

        Raises:
            HexclaveError: the keys are refused, or the server does not answer; the run can be resumed.
        """
        settle(self._app, self._journal)
        self._floor = _newest(self._app)
        while self._found_in_a_pass(progress):
            progress()
        self._journal.save()

    def _found_in_a_pass(self, progress: Callable[[], None]) -> int:
        """Send the rows, and return how many were created without a reply: another pass completes these."""
        found = 0
        for _, records in groupby(self._waiting(progress), key=lambda record: record.kind):
            self._send(records, progress)
            # Memberships refer to the rows before them.
            found += settle(self._app, self._journal, lost=True)
        self._send(iter(()), progress)
        return found

    def _waiting(self, progress: Callable[[], None]) -> Iterator[Record]:
        """Yield the records to send, after the journal has them."""
        records = records_of(self._source, self._what, self._convert)
        while block := list(islice(records, _BLOCK)):
            known = self._journal.states(block[0].row.number, block[-1].row.number)
            fresh = [each for each in block if each.row.number not in known]
            self._journal.begin(((each.row.number, each.kind, each.source) for each in fresh), self._floor)
            for record in block:
                entry = known.get(record.row.number)
                if entry is None and not record.problems:
                    yield record
                    continue
                if entry is None:
                    self._journal.note(record.row.number, State.FAILED, reason="; ".join(record.problems))
                elif entry.state is State.CREATED and entry.made:
                    if record.arguments.get("totp_secret_base64"):
                        self._secrets.append((record, entry.made))
                    else:
                        self._journal.note(record.row.number, State.DONE)
                progress()

    def _send(self, records: Iterator[Record], progress: Callable[[], None]) -> None:
        while True:
            with closing(self._app.call_many(self._operations(records), ordered=False)) as outcomes:
                for outcome in outcomes:
                    record, completes = self._calls.pop(id(outcome.row))
                    if outcome.error is not None:
                        self._failed(record, outcome.error, completes)
                    elif completes:
                        self._journal.note(record.row.number, State.DONE)
                    else:
                        self._created(record, outcome.value)
                    progress()
            if not self._secrets:
                return

    def _operations(self, records: Iterator[Record]) -> Iterator[Operation[Any]]:
        while True:
            if self._secrets:
                record, user_id = self._secrets.popleft()
                secret = record.arguments.get("totp_secret_base64")
                operation: Operation[Any] = users.update_user(user_id, totp_secret_base64=secret)
                self._calls[id(operation)] = record, True
                yield operation
                continue
            following = next(records, None)
            if following is None:
                return
            made = self._operation(following)
            if made is not None:
                self._calls[id(made)] = following, False
                yield made

    def _operation(self, record: Record) -> Operation[Any] | None:
        """Return the call that creates the record; `None` if it has failed already."""
        if record.kind == "membership":
            ids = [self._journal.made_from(name, record.arguments[name]) for name in ("team", "user")]
            team_id, user_id = ids
            if team_id is None or user_id is None:
                reason = "the team or the user is not before it in this file, or was refused"
                self._journal.note(record.row.number, State.FAILED, reason=reason)
                return None
            return teams.add_team_member(team_id, user_id)
        arguments = marked(record, self._journal.run)
        if record.kind == "team":
            return teams.create_team_as_server(**arguments)
        # The API ignores the secret of a new user.
        arguments.pop("totp_secret_base64", None)
        return users.create_user(**arguments)

    def _created(self, record: Record, value: Any) -> None:
        self._unanswered = 0
        if record.kind == "membership":
            self._journal.note(record.row.number, State.DONE)
            return
        self._floor = max(self._floor, _made_at(value))
        if record.arguments.get("totp_secret_base64"):
            self._journal.note(record.row.number, State.CREATED, value.id)
            self._secrets.append((record, value.id))
        else:
            self._journal.note(record.row.number, State.DONE, value.id)

    def _failed(self, record: Record, error: Exception, completes: bool) -> None:
        if isinstance(error, errors.AuthenticationError | errors.PermissionDeniedError):
            raise error
        if isinstance(error, errors.TeamMembershipAlreadyExists):
            self._journal.note(record.row.number, State.DONE)
            return
        reason = str(error)
        if completes:
            self._journal.note(record.row.number, State.CREATED, reason=f"exists, but without second factor: {reason}")
        elif isinstance(error, errors.TransportError | errors.ServerError | errors.RateLimitError):
            self._journal.note(record.row.number, State.BEGUN, reason=reason)
            self._unanswered += 1
            if self._unanswered >= _PATIENCE:
                raise error
        else:
            self._unanswered = 0
            self._journal.note(record.row.number, State.FAILED, reason=reason)


def settle(app: ServerOrAdmin, journal: Journal, *, lost: bool = False) -> int:
    """Find out which rows in flight exist, and return how many users do; with `lost`, only those with a lost reply.

    Those that do not are sent again, if the process was killed; with a reason for the lost reply, they have failed.
    """
    waiting = {entry.number: entry for entry in journal.of(State.BEGUN) if entry.reason or not lost}
    if not waiting:
        return 0
    found = 0
    time.sleep(max(0.0, min(_SETTLING, float(journal["begun"]) + _SETTLING - time.time())))
    floor = min(entry.floor for entry in waiting.values()) - _CLOCKS
    kinds = {entry.kind for entry in waiting.values()}
    for number, made in _marked(app, journal.run, kinds, floor):
        entry = waiting.pop(number, None)
        if entry is not None:
            # Whether it has a second factor to set, only the file tells.
            journal.note(number, State.CREATED if entry.kind == "user" else State.DONE, made)
            found += entry.kind == "user"
    for entry in waiting.values():
        if entry.reason:
            journal.note(entry.number, State.FAILED, reason=entry.reason)
        else:
            journal.forget(entry.number)
    journal.save()
    return found


def _marked(app: ServerOrAdmin, run: str, kinds: set[str], floor: int) -> Iterator[tuple[int, str]]:
    """Yield the row and the id of everything that the run created after a time."""
    pages: list[Iterator[Any]] = []
    if "user" in kinds:
        pages.append(
            iter(
                app.users.list(
                    limit=200, order_by="signed_up_at", desc=True, include_anonymous=True, include_restricted=True
                )
            )
        )
    if "team" in kinds:
        pages.append(iter(app.teams.list(limit=200, order_by="created_at", desc=True)))
    for found in pages:
        for each in found:
            if _made_at(each) < floor:
                break
            mark = each.server_metadata.get(MARK) if isinstance(each.server_metadata, dict) else None
            if isinstance(mark, dict) and mark.get("run") == run and isinstance(mark.get("row"), int):
                yield mark["row"], each.id


def _made_at(value: Any) -> int:
    at = getattr(value, "signed_up_at_millis", None)
    return int(value.created_at_millis if at is None else at)


def _newest(app: ServerOrAdmin) -> int:
    """Return the time of the newest user: nothing that this process creates is older."""
    newest = app.users.list(limit=1, order_by="signed_up_at", desc=True, include_anonymous=True)
    return next((_made_at(each) for each in newest), 0)


def undo(app: ServerOrAdmin, journal: Journal, progress: Callable[[], None]) -> list[str]:
    """Delete what the run created, and return the reasons why something could not be deleted.

    Raises:
        HexclaveError: the keys are refused.
    """
    settle(app, journal)
    failures: list[str] = []
    for state in (State.CREATED, State.DONE):
        for kind in ("user", "team"):
            calls: dict[int, Entry] = {}
            for outcome in app.call_many(_deletions(journal, state, kind, calls), ordered=False):
                entry = calls.pop(id(outcome.row))
                error = outcome.error
                if isinstance(error, errors.AuthenticationError | errors.PermissionDeniedError):
                    raise error
                if error is None or isinstance(error, errors.NotFoundError):
                    journal.note(entry.number, State.UNDONE)
                else:
                    failures.append(f"row {entry.number}: {error}")
                progress()
        # Gone with their teams and users.
        for entry in journal.of(state, "membership"):
            journal.note(entry.number, State.UNDONE)
    journal.save()
    return failures


def _deletions(journal: Journal, state: State, kind: str, calls: dict[int, Entry]) -> Iterator[Operation[Any]]:
    for entry in journal.of(state, kind):
        if entry.made is not None:
            operation: Operation[Any] = (users.delete_user if kind == "user" else teams.delete_team)(entry.made)
            calls[id(operation)] = entry
            yield operation


def refused_rows(journal: Journal, source: Source) -> Iterator[tuple[Row, str]]:
    """Yield the rows that failed or are incomplete, and why."""
    rows = iter(source)
    block = list(islice(rows, _BLOCK))
    while block:
        known = journal.states(block[0].number, block[-1].number)
        for row in block:
            entry = known.get(row.number)
            if entry is not None and (entry.state is State.FAILED or entry.reason):
                yield row, entry.reason or ""
        block = list(islice(rows, _BLOCK))

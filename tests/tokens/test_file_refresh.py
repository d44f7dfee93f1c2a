"""Processes that share a token file refresh one at a time."""

import threading
import time
from pathlib import Path

import pytest

from hexclave.tokens import FileTokenStore, Tokens

OLD = Tokens("fake-access-token-1", "fake-refresh-token-1")
RENEWED = Tokens("fake-access-token-2", "fake-refresh-token-1")
NEWER = Tokens("fake-access-token-3", "fake-refresh-token-3")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


@pytest.fixture
def store(path: Path) -> FileTokenStore:
    return FileTokenStore(path)


def test_refreshed_tokens_end_the_wait_of_others(path: Path, store: FileTokenStore) -> None:
    store.save(OLD)
    assert store.begin_refresh() is not None
    assert store.compare_and_set(OLD.refresh_token, RENEWED)
    assert FileTokenStore(path).begin_refresh() is not None


def test_a_late_ticket_does_not_end_another_callers_refresh(store: FileTokenStore) -> None:
    store.save(OLD)
    late = store.begin_refresh()
    assert late is not None
    store.save(NEWER)
    assert store.begin_refresh() is not None
    store.end_refresh(late)
    assert store.begin_refresh() is None


@pytest.mark.parametrize("seconds", [15.1, 86_400, -86_400])
def test_a_process_that_died_while_refreshing_or_a_clock_set_back_blocks_no_refresh(
    store: FileTokenStore, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    store.save(OLD)
    assert store.begin_refresh() is not None
    assert store.begin_refresh() is None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + seconds)
    assert store.begin_refresh() is not None


def test_a_refresh_that_began_this_very_moment_counts(store: FileTokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some clocks have a resolution of 16 ms."""
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)
    store.save(OLD)
    assert store.begin_refresh() is not None
    assert store.begin_refresh() is None


def test_no_call_waits_for_a_refresh_when_signed_out(store: FileTokenStore) -> None:
    ticket = store.begin_refresh()
    assert ticket is not None
    assert store.begin_refresh() is not None
    store.end_refresh(ticket)
    assert store.load() is None


def test_a_lock_is_looked_at_every_few_milliseconds(store: FileTokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, pauses = iter([False] * 50 + [True]), []
    monkeypatch.setattr("hexclave.tokens._file.try_lock", lambda _: next(taken))
    monkeypatch.setattr(time, "sleep", pauses.append)
    store.save(OLD)
    assert len(pauses) == 50
    assert 0.001 <= min(pauses) < max(pauses) <= 0.01


def test_exactly_one_of_many_threads_may_refresh(path: Path) -> None:
    FileTokenStore(path).save(OLD)
    tickets: list[str | None] = []
    threads = [threading.Thread(target=lambda: tickets.append(FileTokenStore(path).begin_refresh())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tickets) == 16
    assert len([ticket for ticket in tickets if ticket is not None]) == 1

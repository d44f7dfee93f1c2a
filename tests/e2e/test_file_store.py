"""The file store with several processes: no lost updates, no partial writes, no access for others."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hexclave.errors import UnsafeUseError
from hexclave.tokens import FileTokenStore, Tokens
from hexclave.tokens import _file as module

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes, signals and flock are those of POSIX")

OLD = Tokens("fake-access-token-1", "fake-refresh-token-1")
RENEWED = Tokens("fake-access-token-2", "fake-refresh-token-1")
NEWER = Tokens("fake-access-token-3", "fake-refresh-token-3")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


@pytest.fixture
def store(path: Path) -> FileTokenStore:
    return FileTokenStore(path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def start(script: str, path: Path) -> subprocess.Popen[str]:
    """Start a process that runs the script with `store` for the path."""
    opening = "import sys\nfrom hexclave.tokens import FileTokenStore, Tokens\nstore = FileTokenStore(sys.argv[1])\n"
    return subprocess.Popen(
        [sys.executable, "-c", opening + textwrap.dedent(script), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


@contextmanager
def stopped_at(script: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that printed a line and then hangs; it is killed at the end."""
    process = start(script, path)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        yield process
    finally:
        process.kill()
        process.communicate()


# Stops a process in the middle of a write.
HALF_WRITTEN = """
    import os, time
    def stop(descriptor):
        print("now", flush=True)
        time.sleep(60)
    os.fsync = stop
    store.save(Tokens("fake-access-token-9" * 1000, "fake-refresh-token-9"))
"""


def test_eight_processes_lose_no_update_and_show_no_reader_a_broken_or_open_file(
    path: Path, store: FileTokenStore
) -> None:
    store.save(Tokens(None, "0"))
    count = """
        import os
        os.umask(0)
        for _ in range(25):
            while True:
                tokens = store.load()
                number = int(tokens.refresh_token.reveal()) + 1
                if store.compare_and_set(tokens.refresh_token, Tokens("a" * (number * 997 % 20_000), str(number))):
                    break
    """
    processes = [start(count, path) for _ in range(8)]
    seen = [0]
    while any(process.poll() is None for process in processes):
        tokens = store.load()
        assert tokens is not None
        assert tokens.refresh_token is not None
        seen.append(int(tokens.refresh_token.reveal()))
        assert mode(path) == 0o600
        time.sleep(0.002)
    for process in processes:
        finished(process)
    assert seen == sorted(seen)
    assert len(set(seen)) > 8
    tokens = store.load()
    assert tokens is not None
    assert tokens.refresh_token is not None
    assert tokens.refresh_token.reveal() == "200"
    assert sorted(file.name for file in path.parent.iterdir()) == ["tokens.json", "tokens.json.lock"]


def test_all_files_are_the_owners_alone_even_under_umask_0(tmp_path: Path) -> None:
    path = tmp_path / "made" / "with" / "others" / "tokens.json"
    finished(start('import os; os.umask(0); store.save(Tokens("fake-access-token"))', path))
    assert mode(path) == 0o600
    assert mode(path.with_name("tokens.json.lock")) == 0o600
    assert [mode(directory) for directory in path.parents[:3]] == [0o700] * 3


def test_a_writer_killed_in_mid_write_leaves_the_old_tokens_and_no_lock(path: Path, store: FileTokenStore) -> None:
    store.save(OLD)
    with stopped_at(HALF_WRITTEN, path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    leftover = path.with_name("tokens.json.new")
    assert leftover.exists()
    assert store.load() == OLD
    assert store.compare_and_set(OLD.refresh_token, RENEWED)
    assert store.load() == RENEWED
    assert not leftover.exists()


def test_processes_killed_at_any_moment_never_break_the_file(path: Path, store: FileTokenStore) -> None:
    rewrite = """
        print("now", flush=True)
        for number in range(1_000_000):
            store.save(Tokens("a" * (number * 997 % 50_000 + 1), str(number)))
    """
    for attempt in range(10):
        with stopped_at(rewrite, path) as process:
            time.sleep(0.01 + attempt * 0.007)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        store.load()
        store.save(OLD)
        assert store.load() == OLD


def test_a_reader_does_not_wait_for_a_writer(path: Path, store: FileTokenStore) -> None:
    store.save(OLD)
    with stopped_at(HALF_WRITTEN, path):
        assert store.load() == OLD


def test_a_writer_gives_up_on_a_lock_that_is_never_freed(
    path: Path, store: FileTokenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(OLD)
    monkeypatch.setattr(module, "_LOCK_WAIT", 0.2)
    with stopped_at(HALF_WRITTEN, path), pytest.raises(TimeoutError, match="locked by another process"):
        store.save(NEWER)
    store.save(NEWER)
    assert store.load() == NEWER


def test_waiting_for_the_lock_neither_blocks_the_event_loop_nor_outlives_its_cancellation(
    path: Path, store: FileTokenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(OLD)
    monkeypatch.setattr(module, "_LOCK_WAIT", 2.0)

    async def use() -> None:
        writing = asyncio.create_task(store.acompare_and_set(OLD.refresh_token, NEWER))
        await asyncio.sleep(0.05)
        assert not writing.done()
        writing.cancel()
        await asyncio.wait([writing])
        assert writing.cancelled()

    with stopped_at(HALF_WRITTEN, path):
        asyncio.run(use())
    assert asyncio.run(store.acompare_and_set(OLD.refresh_token, RENEWED))


def test_a_process_forked_in_mid_write_does_not_keep_the_lock(path: Path, store: FileTokenStore) -> None:
    fork_while_writing = """
        import os, time
        fsync = os.fsync
        def forking(descriptor):
            global child
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            fsync(descriptor)
        os.fsync = forking
        store.save(Tokens("fake-access-token-1", "fake-refresh-token-1"))
        print("now", flush=True)
        sys.stdin.readline()
        os.kill(child, 9)
        os.waitpid(child, 0)
    """
    process = start(fork_while_writing, path)
    assert process.stdout is not None
    assert process.stdout.readline() == "now\n"
    assert store.compare_and_set(OLD.refresh_token, RENEWED)
    process.communicate("go on\n", timeout=60)


def test_signing_out_deletes_the_file(path: Path, store: FileTokenStore) -> None:
    store.save(OLD)
    store.save(None)
    assert not path.exists()
    store.save(None)
    assert store.load() is None


def test_the_file_is_json_that_another_program_can_read(path: Path, store: FileTokenStore) -> None:
    path.write_text('{"refresh_token": "fake-refresh-token-1", "from": "elsewhere"}')
    path.chmod(0o600)
    assert store.load() == Tokens(None, "fake-refresh-token-1")
    store.save(OLD)
    assert path.read_text() == '{"access_token": "fake-access-token-1", "refresh_token": "fake-refresh-token-1"}'


@pytest.mark.parametrize("open_mode", [0o640, 0o604, 0o620, 0o644, 0o666, 0o610])
def test_a_file_open_to_others_is_refused_until_it_is_closed(path: Path, store: FileTokenStore, open_mode: int) -> None:
    store.save(OLD)
    path.chmod(open_mode)
    for use in (store.load, store.begin_refresh, lambda: store.compare_and_set(OLD.refresh_token, RENEWED)):
        with pytest.raises(PermissionError, match=f"chmod 600 {path}"):
            use()
    path.chmod(0o600)
    assert store.load() == OLD


def test_a_sign_in_replaces_an_open_file_by_a_closed_one(path: Path, store: FileTokenStore) -> None:
    path.touch(0o666)
    store.save(OLD)
    assert mode(path) == 0o600
    assert store.load() == OLD


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_refused(path: Path, store: FileTokenStore) -> None:
    store.save(OLD)
    os.chown(path, 12345, -1)
    with pytest.raises(PermissionError, match="belongs to another user"):
        store.load()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give directories away")
def test_a_directory_of_another_user_is_refused(path: Path, store: FileTokenStore) -> None:
    store.save(OLD)
    os.chown(path.parent, 12345, -1)
    for use in (store.load, lambda: store.save(OLD)):
        with pytest.raises(PermissionError, match="directory of your own"):
            use()


@pytest.mark.parametrize("name", ["tokens.json", "tokens.json.lock"])
@pytest.mark.parametrize("target_exists", [False, True])
def test_a_symbolic_link_is_not_followed(path: Path, store: FileTokenStore, name: str, target_exists: bool) -> None:
    target = path.with_name("elsewhere")
    if target_exists:
        target.touch(0o600)
    path.with_name(name).symlink_to(target)
    for use in (store.begin_refresh, lambda: store.compare_and_set(None, OLD)):
        with pytest.raises(PermissionError, match=f"{name} is a symbolic link"):
            use()
    assert target.exists() == target_exists


def test_a_lock_that_others_could_take_is_refused(path: Path, store: FileTokenStore) -> None:
    store.save(OLD)
    path.with_name("tokens.json.lock").chmod(0o644)
    with pytest.raises(PermissionError, match=r"chmod 600 .*\.lock"):
        store.save(OLD)


@pytest.mark.parametrize("directory_mode", [0o777, 0o1777, 0o702, 0o720, 0o775])
def test_a_directory_that_others_can_write_into_is_refused(tmp_path: Path, directory_mode: int) -> None:
    directory = tmp_path / "public"
    directory.mkdir()
    directory.chmod(directory_mode)
    store = FileTokenStore(directory / "tokens.json")
    for use in (store.load, lambda: store.save(OLD)):
        with pytest.raises(PermissionError, match="directory of your own"):
            use()
    assert list(directory.iterdir()) == []


def test_an_existing_file_at_the_temporary_path_is_not_overwritten(path: Path, store: FileTokenStore) -> None:
    planted = path.with_name("tokens.json.new")
    target = path.with_name("elsewhere")
    target.touch()
    planted.symlink_to(target)
    store.save(OLD)
    assert target.read_bytes() == b""
    assert store.load() == OLD


BROKEN = {
    "empty": b"",
    "half": b'{"access_token": "fake-access-token-1", "refr',
    "no tokens": b"{}",
    "null tokens": b'{"access_token": null, "refresh_token": null}',
    "list": b'["fake-access-token-1"]',
    "null": b"null",
    "number as token": b'{"access_token": 5}',
    "token with a line break": b'{"access_token": "fake-access-token-1\\n"}',
    "lease of another shape": b'{"access_token": "fake-access-token-1", "refresh": 5}',
    "lease without a ticket": b'{"access_token": "fake-access-token-1", "refresh": {"expires_at": 1}}',
    "lease beyond floats": b'{"access_token": "fake-access-token-1", "refresh": {"ticket": "", "expires_at": 1%s}}'
    % (b"0" * 400),
    "not UTF-8": b"\xff\xfe\x00fake-access-token-1",
    "too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_an_error_that_says_where_and_never_what(
    path: Path, store: FileTokenStore, content: bytes
) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ValueError, match="does not contain tokens; delete it to start signed out") as caught:
        store.load()
    assert str(path) in str(caught.value)
    # Without this test's own frame, which contains the content.
    frames = traceback.StackSummary.extract(list(traceback.walk_tb(caught.tb))[1:], capture_locals=True)
    assert "fake-" not in str([frame.locals for frame in frames])
    assert caught.value.__context__ is None
    store.save(OLD)
    assert store.load() == OLD


def test_a_full_disk_is_an_error_without_tokens_and_leaves_the_old_ones(path: Path, store: FileTokenStore) -> None:
    store.save(OLD)
    write_beyond_the_limit = """
        import resource, traceback
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
        try:
            store.save(Tokens("fake-" + "access-token-" * 5, "fake-" + "refresh-token-" * 5))
        except OSError as error:
            chain = traceback.TracebackException.from_exception(error, capture_locals=True)
            print("".join(chain.format()))
    """
    shown = finished(start(write_beyond_the_limit, path))
    assert "File too large" in shown
    assert "****" in shown
    assert "fake-access" not in shown
    assert "fake-refresh" not in shown
    assert store.load() == OLD


def test_a_path_that_cannot_hold_a_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        FileTokenStore(tmp_path).load()
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        FileTokenStore(tmp_path / "file" / "tokens.json").load()
    with pytest.raises(UnsafeUseError, match="path must be"):
        FileTokenStore(5)  # type: ignore[arg-type]


def test_a_path_keeps_its_meaning_when_the_working_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = FileTokenStore("tokens.json")
    monkeypatch.chdir("/")
    store.save(OLD)
    assert (tmp_path / "tokens.json").exists()


def test_a_tilde_is_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    FileTokenStore("~/.config/app/tokens.json").save(OLD)
    assert (tmp_path / ".config" / "app" / "tokens.json").exists()


def test_making_a_store_touches_nothing(tmp_path: Path) -> None:
    FileTokenStore(tmp_path / "a" / "tokens.json")
    assert list(tmp_path.iterdir()) == []


def test_one_process_refreshes_while_others_wait(path: Path, store: FileTokenStore) -> None:
    store.save(OLD)
    ticket = store.begin_refresh()
    assert ticket is not None
    assert FileTokenStore(path).begin_refresh() is None
    assert finished(start("print(store.begin_refresh())", path)) == "None\n"
    assert store.load() == OLD
    store.end_refresh(ticket)
    assert finished(start("print(store.begin_refresh())", path)) != "None\n"

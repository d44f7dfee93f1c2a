"""Processes that fork with an app: no reply reaches the wrong process, and nothing hangs."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.e2e.calling import Place, Server

pytestmark = pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system cannot fork")

OPENING = """
import asyncio, faulthandler, multiprocessing, os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from hexclave import HexclaveClientApp, HexclaveServerApp, AsyncHexclaveServerApp, UnsafeUseError
from hexclave.tokens import Tokens
from tests.e2e.calling import KEYS, Place, awaiting, blocking, expired, operation, options

here = Place(int(sys.argv[1]), *sys.argv[2:4])
faulthandler.register(signal.SIGALRM, chain=True)
signal.alarm(30)

def talk(app, calls=60, threads=3):
    "Calls whose replies say what was asked; each must be this process's own."
    def one(number):
        mine = f"{os.getpid()}-{number}"
        reply = app.call(operation("POST", path=("users", mine), body={"mine": mine}))
        assert reply["path"].endswith("/users/" + mine) and mine in reply["body"], (mine, reply)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(calls)))

async def talk_async(app, calls=60):
    async def one(number):
        mine = f"{os.getpid()}-{number}"
        reply = await app.call(operation("POST", path=("users", mine), body={"mine": mine}))
        assert reply["path"].endswith("/users/" + mine) and mine in reply["body"], (mine, reply)
    await asyncio.gather(*[one(number) for number in range(calls)])

def in_child(action):
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(20)  # a child inherits none
    code = 1
    try:
        action()
        code = 0
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        os._exit(code)

def wait_for(pids):
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    assert codes == [0] * len(pids), codes
"""

WARNINGS = ["-W", "error", "-W", "ignore:This process:DeprecationWarning"]
"""Newer versions of Python warn of every fork beside threads."""


def run(script: str, place: Place) -> None:
    """Run in a separate interpreter: this one has threads and tests that a fork would copy."""
    code = OPENING + textwrap.dedent(script)
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, *WARNINGS, "-c", code, str(place.port), place.behaviour, place.name],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""


def check_no_connection_was_shared(place: Place) -> None:
    """Check that each connection served one process, apart from the one used by the parent before."""
    users: dict[int, set[str]] = {}
    for request in place.seen:
        process = request["path"].rpartition("/")[2].partition("-")[0]
        users.setdefault(request["connection"], set()).add(process)
    assert all(len(processes - {"u1"}) == 1 for processes in users.values() if processes != {"u1"})


def test_parent_and_forked_children_call_at_once(server: Server) -> None:
    here = server.at("ok")
    run(
        """
        with blocking(here, timeout=30) as app:
            app.call(operation())
            children = [in_child(lambda: talk(app)) for _ in range(4)]
            talk(app)
            wait_for(children)
        """,
        here,
    )
    seen = here.seen
    assert len(seen) == 1 + 5 * 60
    assert len({request["headers"]["x-stack-random-nonce"] for request in seen}) == len(seen)
    check_no_connection_was_shared(here)


def test_children_forked_while_other_threads_call(server: Server) -> None:
    """No child waits for a lock that another thread held at the moment of the fork."""
    here = server.at("ok")
    run(
        """
        with blocking(here, timeout=30) as app:
            app.call(operation())
            stop = threading.Event()
            def keep_calling():
                while not stop.is_set():
                    talk(app, calls=5, threads=1)
            with ThreadPoolExecutor(4) as threads:
                calling = [threads.submit(keep_calling) for _ in range(4)]
                time.sleep(0.2)
                children = []
                try:
                    for _ in range(12):
                        children.append(in_child(lambda: talk(app, calls=5, threads=2)))
                        time.sleep(0.02)
                    wait_for(children)
                finally:
                    stop.set()
                [each.result() for each in calling]
        """,
        here,
    )
    check_no_connection_was_shared(here)


def test_a_lock_held_at_the_fork_is_not_waited_for(server: Server) -> None:
    run(
        """
        with blocking(here, timeout=30, session=expired()) as app:
            app.call(operation())
            shared = app._context.shared
            held = [app._performer.executor._lock, shared.in_flight._lock, shared.local.gates._lock]
            store = app._context.session.store
            held.append(store._lock())
            for lock in held:
                lock.acquire()
            def call():
                store.save(expired().load())
                app.call(operation())
                app.close()
            children = [in_child(call)]
            for lock in held:
                lock.release()
            wait_for(children)
        """,
        server.at("session"),
    )


def test_processes_of_multiprocessing_call_at_once(server: Server) -> None:
    here = server.at("ok")
    run(
        """
        with blocking(here, timeout=30) as app:
            app.call(operation())
            fork = multiprocessing.get_context("fork")
            children = [fork.Process(target=talk, args=(app,)) for _ in range(3)]
            for child in children:
                child.start()
            talk(app)
            for child in children:
                child.join(40)
                assert child.exitcode == 0, child.exitcode
        """,
        here,
    )
    assert len(here.seen) == 1 + 4 * 60
    check_no_connection_was_shared(here)


def test_processes_forked_inside_a_running_event_loop_call_at_once(server: Server) -> None:
    here = server.at("ok")
    run(
        """
        app = awaiting(here, timeout=30)
        def child():
            asyncio.run(talk_async(app))
        async def main():
            await app.call(operation())
            fork = multiprocessing.get_context("fork")
            children = [fork.Process(target=child) for _ in range(3)]
            for each in children:
                each.start()
            await talk_async(app)
            for each in children:
                await asyncio.to_thread(each.join, 40)
                assert each.exitcode == 0, each.exitcode
            await talk_async(app)
        asyncio.run(main())
        """,
        here,
    )
    assert len(here.seen) == 1 + 5 * 60
    check_no_connection_was_shared(here)


def test_closing_the_app_in_a_child_leaves_the_parents_connections_open(server: Server) -> None:
    here = server.at("ok")
    run(
        """
        app = blocking(here, timeout=30)
        app.call(operation())
        wait_for([in_child(app.close)])
        app.call(operation())
        app.close()

        app = awaiting(here, timeout=30)
        async def main():
            await app.call(operation())
            wait_for([in_child(lambda: asyncio.run(app.close()))])
            await app.call(operation())
        asyncio.run(main())
        """,
        here,
    )
    first, second, third, fourth = (request["connection"] for request in here.seen)
    assert first == second
    assert third == fourth


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_a_client_of_the_callers_own_is_refused_in_the_child_and_works_on_in_the_parent(
    server: Server, library: str
) -> None:
    here = server.at("ok")
    run(
        f"""
        import {library}
        def refused(call):
            try:
                call()
            except UnsafeUseError as error:
                assert "in the child" in str(error), error
            else:
                raise AssertionError("the call was not refused")
        with {library}.Client() as client:
            app = blocking(here, http_client=client)
            untouched = blocking(here, http_client={library}.Client())
            app.call(operation())
            wait_for([in_child(lambda: refused(lambda: app.call(operation()))),
                      in_child(lambda: untouched.call(operation()))])
            app.call(operation())

        async def main():
            async with {library}.AsyncClient() as client:
                app = awaiting(here, http_client=client)
                await app.call(operation())
                wait_for([in_child(lambda: refused(lambda: asyncio.run(app.call(operation()))))])
                await app.call(operation())
        asyncio.run(main())
        """,
        here,
    )
    assert len(here.seen) == 5


def test_a_child_does_not_wait_at_its_parents_closed_gate(server: Server) -> None:
    here = server.raw(b"HTTP/1.1 429 No\r\nretry-after: 50\r\ncontent-length: 0\r\n\r\n", then="keep")
    run(
        """
        with blocking(here, timeout=5) as app:
            try:
                app.call(operation())
            except Exception as error:
                assert error.status == 429
            wait_for([in_child(lambda: app.call(operation()))])
        """,
        here,
    )
    assert len(here.seen) == 2


def test_a_child_does_not_wait_for_its_parents_refresh(server: Server) -> None:
    here = server.at("session", 1)
    run(
        """
        with blocking(here, timeout=30, session=expired()) as app:
            refreshing = threading.Thread(target=app.call, args=[operation()])
            refreshing.start()
            while not here.seen:
                time.sleep(0.01)
            wait_for([in_child(lambda: app.options(timeout=10).call(operation()))])
            refreshing.join()
        """,
        here,
    )
    assert len([each for each in here.seen if each["path"].endswith("/refresh")]) == 2

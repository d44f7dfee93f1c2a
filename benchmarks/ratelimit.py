"""Benchmark of rate limiting: the used share of the permitted rate, and the share of rejected requests.

    python -m benchmarks.ratelimit                  # one process, sync and async, then 4 processes sharing Redis
    python -m benchmarks.ratelimit --rate 200 --seconds 300 --limiter sliding --headers retry_after
    python -m benchmarks.ratelimit simulate         # every limiter with every kind of header, in virtual time

Uses real sockets on loopback; the server counts the requests. 50 workers call as fast as they are allowed to.
Sharing needs redis-server and redis-py.
"""

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hexclave import AsyncHexclaveServerApp, HexclaveError, HexclaveServerApp, Timeout
from hexclave.ratelimit import Gates
from hexclave_api.operations.users import list_users
from tests.engine.simulated import (
    FixedWindow,
    Headers,
    Limiter,
    Server,
    SlidingLog,
    Store,
    TokenBucket,
    World,
    draft,
    legacy,
    retry_after,
    silent,
    worker,
)

WORKERS = 50
LEARNING = 15
PROJECT = "00000000-0000-4000-8000-000000000001"
KEY = "ssk_not_a_real_key_0000000000000000000000000000"

LIMITERS: dict[str, Callable[[int], Limiter]] = {
    "bucket": lambda rate: TokenBucket(rate, rate),
    "small-bucket": lambda rate: TokenBucket(rate, max(2, rate / 10)),
    "window": lambda rate: FixedWindow(rate, 1),
    "sliding": lambda rate: SlidingLog(rate, 1),
    "window-10s": lambda rate: FixedWindow(10 * rate, 10),
}
HEADERS: dict[str, Headers] = {
    "none": silent,
    "retry_after": retry_after,
    "x-ratelimit": legacy,
    "ratelimit": draft,
}


class Answering(asyncio.Protocol):
    """Server that answers immediately; `/figures` returns the accepted and rejected requests of each second."""

    def __init__(self, server: Server, seconds: dict[int, list[int]]) -> None:
        self._server = server
        self._seconds = seconds
        self._received = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *requests, self._received = (self._received + data).split(b"\r\n\r\n")
        for request in requests:
            if b" /figures" in request:
                self._reply(200, {}, json.dumps(self._seconds).encode())
                continue
            now = time.monotonic()
            status, headers = self._server.answer(now)
            self._seconds.setdefault(int(now), [0, 0])[status == 429] += 1
            self._reply(status, headers, b'{"items": [], "is_paginated": true, "pagination": {"next_cursor": null}}')

    def _reply(self, status: int, headers: Any, body: bytes) -> None:
        lines = [f"HTTP/1.1 {status} .", f"content-length: {len(body)}", "content-type: application/json"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._transport.write("\r\n".join([*lines, "", ""]).encode() + body)


async def serve(limiter: str, headers: str, rate: int) -> None:
    server, seconds = Server(LIMITERS[limiter](rate), HEADERS[headers]), {}
    listener = await asyncio.get_running_loop().create_server(lambda: Answering(server, seconds), "127.0.0.1", 0)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await listener.serve_forever()


def work(mode: str, url: str, workers: int, redis_url: str) -> None:
    """Run a process that makes calls, and print the number of successful calls and the errors of the others."""
    gates = None
    if redis_url:
        from hexclave.redis import RedisGates

        gates = RedisGates(redis_url)
    options: Any = {"base_url": url, "timeout": Timeout(total=120), "gates": gates}
    print("ready", flush=True)
    ends = float(sys.stdin.readline())
    done: list[int] = []
    failures: list[str] = []

    def blocking(app: HexclaveServerApp) -> None:
        while time.monotonic() < ends:
            try:
                app.call(list_users(limit=1))
                done.append(1)
            except HexclaveError as error:
                failures.append(repr(error))

    async def awaiting(app: AsyncHexclaveServerApp) -> None:
        while time.monotonic() < ends:
            try:
                await app.call(list_users(limit=1))
                done.append(1)
            except HexclaveError as error:
                failures.append(repr(error))

    async def main() -> None:
        async with AsyncHexclaveServerApp(PROJECT, KEY, **options) as app:
            await asyncio.gather(*(awaiting(app) for _ in range(workers)))
        if gates is not None:
            await gates.aclose()

    if mode == "async":
        asyncio.run(main())
    else:
        with HexclaveServerApp(PROJECT, KEY, **options) as app:
            threads = [threading.Thread(target=blocking, args=[app]) for _ in range(workers)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    print(json.dumps([len(done), failures]))


def started(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "benchmarks.ratelimit", *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def read_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@contextmanager
def redis_server() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as directory:
        socket = f"{directory}/redis.sock"
        command = ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", directory]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            time.sleep(1)
            yield f"unix://{socket}"
        finally:
            process.terminate()
            process.wait()


def measure(mode: str, processes: int, redis_url: str, chosen: argparse.Namespace) -> None:
    server = started("serve", chosen.limiter, chosen.headers, chosen.rate)
    url = f"http://127.0.0.1:{read_line(server)}"
    shares = [WORKERS // processes + (number < WORKERS % processes) for number in range(processes)]
    callers = [started("work", mode, url, share, redis_url) for share in shares]
    for caller in callers:
        read_line(caller)
    begin = time.monotonic()
    for caller in callers:
        assert caller.stdin is not None
        print(begin + chosen.seconds, file=caller.stdin, flush=True)
    outcomes = [json.loads(read_line(caller)) for caller in callers]
    with urllib.request.urlopen(f"{url}/figures") as reply:
        counted = {int(second): counts for second, counts in json.load(reply).items()}
    server.terminate()
    for process in (server, *callers):
        process.communicate()
    first, last = int(begin) + 1 + LEARNING, int(begin + chosen.seconds) - 1
    whole = sum(accepted for accepted, _ in counted.values()) / (chosen.rate * chosen.seconds)
    later = sum(counted.get(second, [0, 0])[0] for second in range(first, last)) / (chosen.rate * (last - first))
    refused = sum(refusals for _, refusals in counted.values())
    share = refused / (refused + sum(accepted for accepted, _ in counted.values()))
    failures = [failure for _, failed in outcomes for failure in failed]
    print(
        f"{processes} {mode:8}  used {whole:6.1%} of all, {later:6.1%} after {LEARNING} s;"
        f" rejected {share:5.2%}; {sum(calls for calls, _ in outcomes)} calls, {len(failures)} failed"
    )
    for failure in failures[:3]:
        print(f"    {failure}")


def simulate(rate: int, seconds: int) -> None:
    print(f"{rate} calls per second permitted, {WORKERS} workers, {seconds} s; used in total / rejected")
    for name, limiter in LIMITERS.items():
        for processes in (1, 4):
            row = []
            for headers in HEADERS.values():
                world = World(seed=1)
                server, store, attempts = Server(limiter(rate), headers), Store(world), []
                gates = [Gates(shared=store if processes > 1 else None) for _ in range(processes)]
                for number in range(WORKERS):
                    world.start(worker(world, gates[number % processes], server, world.now + seconds, attempts))
                world.run(world.now + seconds)
                used = server.accepted / (rate * seconds)
                row.append(f"{used:6.1%} / {server.refused / (server.accepted + server.refused):5.2%}")
            print(f"{name:13} {processes} processes   " + "   ".join(map("{}: {}".format, HEADERS, row)), flush=True)


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(sys.argv[2], sys.argv[3], int(sys.argv[4])))
        return
    if sys.argv[1:2] == ["work"]:
        work(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", nargs="?", choices=["real", "simulate"], default="real")
    parser.add_argument("--rate", type=int, default=100, help="requests per second that the server permits")
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--limiter", choices=LIMITERS, default="bucket")
    parser.add_argument("--headers", choices=HEADERS, default="retry_after")
    chosen = parser.parse_args()
    if chosen.what == "simulate":
        simulate(chosen.rate, chosen.seconds)
        return
    print(f"{chosen.rate} calls per second permitted ({chosen.limiter}, headers: {chosen.headers}), {WORKERS} workers")
    for mode in ("blocking", "async"):
        measure(mode, 1, "", chosen)
    if shutil.which("redis-server") is None:
        sys.exit("redis-server is not installed (Debian package redis-server)")
    for mode in ("blocking", "async"):
        with redis_server() as redis_url:
            measure(mode, 4, redis_url, chosen)


if __name__ == "__main__":
    main()

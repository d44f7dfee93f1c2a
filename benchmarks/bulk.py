"""Benchmark of a bulk import with failures: checks that each row is created once and that memory stays constant.

    python -m benchmarks.bulk                       # 100,000 rows, async and blocking
    python -m benchmarks.bulk --rows 1000000 --mode async

A server in a separate process creates users by email and injects failures: 503, connections that break before or after
the user was created, and a 429 only every 20,000 requests, because each one slows down all calls for seconds. Each
import is interrupted three times and resumed with the rows it has recorded as done.
"""

import argparse
import asyncio
import gc
import json
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any

from hexclave import AsyncHexclaveServerApp, HexclaveServerApp, Retries
from hexclave.errors import HexclaveError, UserWithEmailAlreadyExists

CONCURRENCY = 16
OPTIONS: dict[str, Any] = {"retries": Retries(attempts=2, first_wait=0.001, longest_wait=0.01)}


class Server(asyncio.Protocol):
    """Server with the operation `POST /users`, and `GET /results` for the counts."""

    created: dict[str, int] = {}  # noqa: RUF012 - shared by all connections
    injected: dict[str, int] = {}  # noqa: RUF012
    chance = random.Random(20_260_901)
    requests = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        if head.startswith(b"GET"):
            self.reply(200, {"created": len(self.created), "twice": self.twice(), "injected": self.injected})
        else:
            self.create(json.loads(rest[:length]))

    def twice(self) -> int:
        return sum(count > 1 for count in self.created.values())

    def create(self, user: dict[str, Any]) -> None:
        Server.requests += 1
        fault = self.chance.choices(["", "503", "cut before", "cut after"], [970, 10, 10, 10])[0]
        if Server.requests % 20_000 == 0:
            fault = "429"
        if fault:
            self.injected[fault] = self.injected.get(fault, 0) + 1
        email = user["primary_email"]
        if fault == "503":
            self.reply(503, {})
        elif fault == "429":
            self.reply(429, {}, "retry-after: 0\r\n")
        elif fault == "cut before":
            self.transport.abort()
        elif email in self.created:
            code = "USER_EMAIL_ALREADY_EXISTS"
            body = {"code": code, "error": "taken", "details": {"email": email}}
            self.reply(409, body, f"x-stack-known-error: {code}\r\n")
        else:
            self.created[email] = self.created.get(email, 0) + 1
            if fault:
                self.transport.abort()
            else:
                self.reply(201, {"id": email, "primary_email": email})

    def reply(self, status: int, body: Any, headers: str = "") -> None:
        content = json.dumps(body).encode()
        head = (
            f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {len(content)}\r\n\r\n"
        )
        self.transport.write(head.encode() + content)


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def resident() -> int:
    """Return the resident memory in bytes, after a garbage collection."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def email(number: int) -> str:
    return f"user{number}@example.com"


def rows(count: int) -> Iterator[dict[str, Any]]:
    return ({"primary_email": email(number), "display_name": f"User {number}"} for number in range(count))


class Import:
    """The client: records the rows that are done, by number to save memory, and the number of interruptions."""

    def __init__(self, count: int, label: str) -> None:
        self.count, self.label = count, label
        self.done = bytearray(count)
        self.outcomes = self.failed = self.cut_off = self.calls = 0
        self.memory: list[int] = []

    def __contains__(self, key: object) -> bool:
        return bool(self.done[int(str(key).removeprefix("user").partition("@")[0])])

    def options(self) -> dict[str, Any]:
        return {
            "concurrency": CONCURRENCY,
            "ordered": False,
            "key": lambda row: row["primary_email"],
            "done": self,
        }

    def take(self, outcome: Any) -> bool:
        """Record the outcome, and return True if the run is to be interrupted here."""
        self.outcomes += 1
        # An existing user was created by an attempt whose reply was lost, so the row is done.
        if outcome.ok or isinstance(outcome.error, UserWithEmailAlreadyExists):
            self.done[int(outcome.row["primary_email"].removeprefix("user").partition("@")[0])] = 1
        elif isinstance(outcome.error, HexclaveError):
            self.failed += 1
        else:
            raise outcome.error
        if self.outcomes % (self.count // 20) == 0:
            self.memory.append(resident())
        if self.cut_off < 3 and self.outcomes >= (self.cut_off + 1) * self.count // 4:
            self.cut_off += 1
            return True
        return False

    @property
    def over(self) -> bool:
        return sum(self.done) == self.count

    def run_blocking(self, url: str) -> None:
        with HexclaveServerApp("project-1", "ssk_not_a_real_key_000", base_url=url, **OPTIONS) as app:
            while not self.over:
                self.calls += 1
                with closing(app.users.create_many(rows(self.count), **self.options())) as stream:
                    for outcome in stream:
                        if self.take(outcome):
                            break

    async def run_async(self, url: str) -> None:
        async with AsyncHexclaveServerApp("project-1", "ssk_not_a_real_key_000", base_url=url, **OPTIONS) as app:
            while not self.over:
                self.calls += 1
                async with aclosing(app.users.create_many(rows(self.count), **self.options())) as stream:
                    async for outcome in stream:
                        if self.take(outcome):
                            break

    def report(self, results: dict[str, Any], seconds: float) -> bool:
        lost = self.count - results["created"]
        middle = len(self.memory) // 4
        first, last = self.memory[middle], self.memory[-1]
        grown = max(self.memory[middle:]) - first
        print(f"{self.label}: {self.count:,} rows in {seconds:.0f} s, {self.outcomes / seconds:,.0f} outcomes/s")
        print(f"  injected {results['injected']}; {self.failed:,} outcomes were errors")
        print(f"  interrupted {self.cut_off} times, {self.calls} runs; lost {lost}, duplicates {results['twice']}")
        mib = [f"{size / (1 << 20):,.1f} MiB" for size in (first, last, grown)]
        print(f"  memory {mib[0]} after a quarter, {mib[1]} at the end, maximum growth {mib[2]}", flush=True)
        return lost == 0 and results["twice"] == 0 and grown < 8 << 20


def one(count: int, mode: str) -> bool:
    command = [sys.executable, "-m", "benchmarks.bulk", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        made = Import(count, mode)
        started = time.monotonic()
        if mode == "async":
            asyncio.run(made.run_async(url))
        else:
            made.run_blocking(url)
        seconds = time.monotonic() - started
        with urllib.request.urlopen(f"{url}/results") as reply:
            results = json.load(reply)
        server.communicate()  # Closes standard input, which stops the server.
    return made.report(results, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--mode", choices=["async", "blocking", "both"], default="both")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(serve())
        return
    modes = ["async", "blocking"] if arguments.mode == "both" else [arguments.mode]
    sys.exit(0 if all(one(arguments.rows, mode) for mode in modes) else 1)


if __name__ == "__main__":
    main()

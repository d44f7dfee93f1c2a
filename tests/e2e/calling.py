"""Calls to the misbehaving server through the apps, in either mode, with close inspection of the outcome."""

import asyncio
import base64
import http.client
import json
import socket
import ssl
import time
import traceback
import uuid
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

import attrs

from hexclave import (
    AsyncHexclaveAdminApp,
    AsyncHexclaveClientApp,
    AsyncHexclaveServerApp,
    HexclaveAdminApp,
    HexclaveClientApp,
    HexclaveError,
    HexclaveServerApp,
)
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from hexclave.tokens import MemoryTokenStore, Tokens
from hexclave_api.operation import Operation
from tests.e2e import misbehaving

T = TypeVar("T")
K = TypeVar("K")

KEYS = {
    "client": "pck_1not2a3real4key5not6a7real8key9not0a1real2key3",
    "server": "ssk_1not2a3real4key5not6a7real8key9not0a1real2key3",
    "admin": "sak_1not2a3real4key5not6a7real8key9not0a1real2key3",
}
REFRESH_TOKEN = "1not2a3real4refresh5token6not7a8real9token0123"
SECRETS = (*KEYS.values(), REFRESH_TOKEN)
BLOCKING = {"client": HexclaveClientApp, "server": HexclaveServerApp, "admin": HexclaveAdminApp}
AWAITING = {"client": AsyncHexclaveClientApp, "server": AsyncHexclaveServerApp, "admin": AsyncHexclaveAdminApp}
SLACK = 1.5
"""Seconds that a busy machine may add to a timeout."""


@attrs.frozen
class Place:
    """A path prefix of the server: a behaviour under a unique name."""

    port: int
    behaviour: str
    name: str
    secure_port: int | None = None
    """The address of calls with TLS, if used."""
    authority: str = ""

    @property
    def base_url(self) -> str:
        origin = (
            f"http://127.0.0.1:{self.port}" if self.secure_port is None else f"https://127.0.0.1:{self.secure_port}"
        )
        return f"{origin}/{self.behaviour}/{self.name}"

    @property
    def options(self) -> dict[str, Any]:
        """Return the options for an app that calls this place."""
        return {"ssl_context": ssl.create_default_context(cafile=self.authority)} if self.authority else {}

    @property
    def seen(self) -> list[dict[str, Any]]:
        """Return the requests received for the name, in order."""
        return self._recorded()["requests"]

    @property
    def open(self) -> int:
        """Return the number of open connections that were used for the name."""
        return self._recorded()["open"]

    def _recorded(self) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", f"/seen/{self.name}")
            return json.load(connection.getresponse())
        finally:
            connection.close()


@attrs.frozen
class Server:
    port: int
    other_port: int
    secure_port: int
    authority: str
    """The file of the certificate to trust at the secure port."""
    is_secure: bool = False
    """True if its places are called with TLS."""

    def at(self, behaviour: str, *arguments: object) -> Place:
        secure = {"secure_port": self.secure_port, "authority": self.authority} if self.is_secure else {}
        return Place(self.port, ",".join([behaviour, *map(str, arguments)]), uuid.uuid4().hex[:12], **secure)

    def elsewhere(self, behaviour: str, *arguments: object) -> Place:
        """Return another origin: the same host, another port."""
        return attrs.evolve(self.at(behaviour, *arguments), port=self.other_port)

    def secure(self, behaviour: str, *arguments: object) -> Place:
        """Return the same place with TLS."""
        return attrs.evolve(self, is_secure=True).at(behaviour, *arguments)

    def raw(self, *replies: bytes, then: str = "close") -> Place:
        """The n-th request gets the n-th reply; `then` the connection is `close`d, `reset`, `keep`t or `hold` open."""
        packed = (base64.urlsafe_b64encode(zlib.compress(reply)).decode() for reply in replies)
        return self.at("raw", *(then[0] + reply for reply in packed))


def operation(method: str = "GET", **changes: Any) -> Operation[Any]:
    """Return a call that every access type allows; the reply is returned unchanged."""
    given: dict[str, Any] = {
        "name": "get_user",
        "method": method,
        "template": "/users/{user_id}",
        "path": ("users", "u1"),
        "access": ("client", "server", "admin"),
        "parse": lambda data: data,
    }
    return Operation(**(given | changes))


def options(**changes: Any) -> dict[str, Any]:
    """Return options of a test app: short limits, short waits."""
    short = Retries(attempts=3, first_wait=0.01, longest_wait=0.05)
    return {"timeout": Timeout(total=5, connect=2, read=2), "retries": short} | changes


def blocking(place: Place, access: str = "server", **changes: Any) -> Any:
    app: Any = BLOCKING[access]
    return app("project-1", KEYS[access], base_url=place.base_url, **options(**place.options | changes))


def awaiting(place: Place, access: str = "server", **changes: Any) -> Any:
    app: Any = AWAITING[access]
    return app("project-1", KEYS[access], base_url=place.base_url, **options(**place.options | changes))


@contextmanager
def full_backlog() -> Iterator[Place]:
    """Yield a port with a full backlog, so that attempts to connect stay unanswered."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        address = listening.getsockname()
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(address)
        try:
            yield Place(address[1], "nobody", "home")
        finally:
            for each in waiting:
                each.close()


def expired() -> MemoryTokenStore:
    """Return a session whose access token is hours old."""
    return MemoryTokenStore(Tokens(misbehaving.token("old", age=7_200), REFRESH_TOKEN))


def refreshes(place: Place) -> list[dict[str, Any]]:
    return [request for request in place.seen if request["path"].endswith("/auth/sessions/current/refresh")]


@attrs.frozen
class Outcome:
    result: Any
    error: BaseException | None
    seconds: float


def run(main: Coroutine[Any, Any, T]) -> T:
    """Like `asyncio.run`, but fail if the loop's exception handler was called, for example for an error never
    retrieved.
    """
    complaints: list[dict[str, Any]] = []

    async def watched() -> T:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        return await main

    result = asyncio.run(watched())
    assert not complaints
    return result


def call(mode: str, place: Place, what: Operation[Any], **changes: Any) -> Outcome:
    """Make one call with a new app."""
    if mode == "blocking":
        with blocking(place, **changes) as app:
            return attempted(lambda: app.call(what))

    async def once() -> Outcome:
        async with awaiting(place, **changes) as app:
            return await attempted_async(lambda: app.call(what))

    return run(once())


def at_once(action: Callable[[K], Outcome], cases: Iterable[K]) -> dict[K, Outcome]:
    """Return the outcome of the action for each case, each in its own thread: most of the time is spent waiting."""
    listed = list(cases)
    with ThreadPoolExecutor(len(listed)) as threads:
        return dict(zip(listed, threads.map(action, listed), strict=True))


def attempted(action: Callable[[], Any]) -> Outcome:
    started = time.monotonic()
    result, error = None, None
    try:
        result = action()
    except Exception as raised:
        error = raised
    return Outcome(result, error, time.monotonic() - started)


async def attempted_async(action: Callable[[], Awaitable[Any]]) -> Outcome:
    started = time.monotonic()
    result, error = None, None
    try:
        result = await action()
    except Exception as raised:
        error = raised
    return Outcome(result, error, time.monotonic() - started)


def check(outcome: Outcome, *, total: float = 5.0, secrets: tuple[str, ...] = SECRETS) -> None:
    """Check that the outcome is a result or an SDK error, in time, without secrets in the error."""
    assert outcome.seconds < total + SLACK
    if outcome.error is not None:
        assert isinstance(outcome.error, HexclaveError), repr(outcome.error)
        check_reveals_nothing(outcome.error, secrets)


def check_reveals_nothing(error: BaseException, secrets: tuple[str, ...] = SECRETS) -> None:
    for each in related(error):
        text = "".join(traceback.TracebackException.from_exception(each, capture_locals=True).format())
        text += f"{each}{each!r}{each.args}{getattr(each, '__notes__', '')}"
        if isinstance(each, HexclaveError):
            text += each.explain()
        for frame in frames(each):
            module = str(frame.f_globals.get("__name__", ""))
            libraries = ("httpx", "httpcore", "h11", "anyio", "asyncio.streams", "hexclave._transport")
            assert not module.startswith(libraries), f"a frame of {module} can be reached"
            if module.startswith(("hexclave", "hexclave_api")):
                text += "".join(flat(frame.f_locals))
        for secret in secrets:
            assert secret not in text


def related(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all errors linked to it."""
    waiting, known = [error], set()
    while waiting:
        each = waiting.pop()
        if id(each) in known:
            continue
        known.add(id(each))
        yield each
        waiting += [other for other in (each.__cause__, each.__context__) if other is not None]
        waiting += getattr(each, "exceptions", ())


def frames(error: BaseException) -> Iterator[FrameType]:
    for frame, _ in traceback.walk_tb(error.__traceback__):
        yield frame


def flat(value: Any, depth: int = 4) -> Iterator[str]:
    """Return the text that an error reporter prints for a value: reprs, and the contents of containers and objects."""
    yield repr(value)
    if depth and isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(key, depth - 1)
            yield from flat(inner, depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from flat(inner, depth - 1)

"""An httpx or httpx2 client as a transport, using only its public interface.

The client's proxies, hooks, transports and TLS settings hold. What cannot be bounded from outside: in blocking mode a
reply whose headers trickle in, because each wait has its limit but all together have none; and bytes that the client
read beyond a reply, which it may take for the beginning of the next one (unless its `Limits` keep no connection).
"""

import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, MutableMapping
from typing import Final, Generic, Protocol, TypeVar

from hexclave._messages import Reply, Request
from hexclave._transport.connecting import sooner
from hexclave._transport.failures import broken, timed_out
from hexclave.errors import APIConnectionError, HexclaveError, UnreadableReplyError, UnsafeUseError

_ACCEPTED: Final = "gzip, deflate"

Seconds = float | None


class ClientRequest(Protocol):
    @property
    def headers(self) -> MutableMapping[str, str]: ...


class ClientReply(Protocol):
    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def is_stream_consumed(self) -> bool: ...
    @property
    def content(self) -> bytes: ...
    def iter_raw(self) -> Iterator[bytes]: ...
    def aiter_raw(self) -> AsyncIterator[bytes]: ...
    def close(self) -> None: ...
    async def aclose(self) -> None: ...


R = TypeVar("R", bound=ClientRequest)
R_co = TypeVar("R_co", bound=ClientRequest, covariant=True)


class _Client(Protocol[R_co]):
    def build_request(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None,
        headers: Mapping[str, str],
        timeout: tuple[Seconds, Seconds, Seconds, Seconds],
    ) -> R_co: ...
    @property
    def is_closed(self) -> bool: ...


class BlockingHttpClient(_Client[R], Protocol[R]):
    """The interface of `http_client=` for blocking apps: `httpx.Client` and `httpx2.Client` implement it."""

    def send(self, request: R, *, stream: bool, auth: None, follow_redirects: bool) -> ClientReply: ...
    def close(self) -> None: ...


class AsyncHttpClient(_Client[R], Protocol[R]):
    """The interface of `http_client=` for async apps: `httpx.AsyncClient` and `httpx2.AsyncClient` implement it."""

    async def send(self, request: R, *, stream: bool, auth: None, follow_redirects: bool) -> ClientReply: ...
    async def aclose(self) -> None: ...


class HttpxTransport(Generic[R]):
    """Sends calls through a client of yours, which `close` closes."""

    def __init__(self, client: BlockingHttpClient[R]) -> None:
        self._client = client

    def send(self, request: Request, deadline: float | None) -> Reply:
        """Return the whole reply; see `Transport.send`.

        Raises:
            TransportError: there is no reply.
            UnsafeUseError: the client is closed, or the request cannot be sent.
        """
        _check(self._client)
        try:
            return self._send(request, deadline)
        except Exception as error:
            failure = _translated(error, deadline, self._client)
            if failure is None:
                raise
        raise failure

    def _send(self, request: Request, deadline: float | None) -> Reply:
        from hexclave._transport.decoding import decode

        made = _built(self._client, request, deadline)
        response = self._client.send(made, stream=True, auth=None, follow_redirects=False)
        try:
            if response.is_stream_consumed:  # A mock's reply has its content from the start.
                return _reply(response, response.content)
            body = _Body(request.max_reply_size, deadline)
            for chunk in response.iter_raw():
                body.add(chunk)
        finally:
            response.close()
        content, encoding = bytes(body.content), response.headers.get("content-encoding", "")
        return _reply(response, decode(response.status_code, encoding, content, request.max_reply_size, deadline))

    def close(self) -> None:
        """Close the client."""
        self._client.close()


class AsyncHttpxTransport(Generic[R]):
    """Sends calls through an async client of yours, which `close` closes."""

    def __init__(self, client: AsyncHttpClient[R]) -> None:
        self._client = client

    async def send(self, request: Request, deadline: float | None) -> Reply:
        """Return the whole reply; see `Transport.send`.

        Raises:
            TransportError: there is no reply.
            UnsafeUseError: the client is closed or belongs to another event loop, or the request cannot be sent.
        """
        _check(self._client)
        try:
            return await _cancellable(self._send(request, deadline), deadline)
        except Exception as error:
            failure = _translated(error, deadline, self._client)
            if failure is None:
                raise
        raise failure

    async def _send(self, request: Request, deadline: float | None) -> Reply:
        from hexclave._transport.decoding import decode_async

        made = _built(self._client, request, deadline)
        response = await self._client.send(made, stream=True, auth=None, follow_redirects=False)
        try:
            if response.is_stream_consumed:
                return _reply(response, response.content)
            body = _Body(request.max_reply_size, deadline)
            async for chunk in response.aiter_raw():
                body.add(chunk)
        finally:
            await response.aclose()
        content, encoding = bytes(body.content), response.headers.get("content-encoding", "")
        return _reply(
            response, await decode_async(response.status_code, encoding, content, request.max_reply_size, deadline)
        )

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()


async def _cancellable(sending: Coroutine[object, object, Reply], deadline: float | None) -> Reply:
    """Send in a task of its own and in a scope: connection pools shield their cleanup from scopes, not from tasks."""
    import asyncio  # no blocking program needs it

    import anyio  # httpx needs it, too

    scope = anyio.CancelScope()

    async def run() -> Reply:
        with scope:
            if deadline is not None:
                scope.deadline = anyio.current_time() + deadline - time.monotonic()
            return await sending
        raise timed_out(deadline)

    task = asyncio.ensure_future(run())
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        scope.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # No other caller needs it.
        raise


class _Body:
    def __init__(self, limit: int, deadline: float | None) -> None:
        self._limit, self._deadline = limit, deadline
        self.content = bytearray()

    def add(self, piece: bytes) -> None:
        self.content += piece
        if len(self.content) > self._limit:
            raise UnreadableReplyError(f"The reply is larger than max_reply_size, {self._limit} bytes.")
        # The other side may be so quick that no wait is ever needed.
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise timed_out(self._deadline)


def _check(client: _Client[R]) -> None:
    if client.is_closed:
        raise UnsafeUseError("http_client is closed.")


def _built(client: _Client[R], request: Request, deadline: float | None) -> R:
    left = None if deadline is None else deadline - time.monotonic()
    if left is not None and left <= 0:
        raise timed_out(deadline)
    connect, read = sooner(request.connect_timeout, left), sooner(request.read_timeout, left)
    headers = {"accept-encoding": _ACCEPTED, **request.headers}
    made = client.build_request(
        request.method, request.url, content=request.content, headers=headers, timeout=(connect, read, read, left)
    )
    made.headers.pop("cookie", None)  # The client's cookies would leak one user's session into another's call.
    return made


def _reply(response: ClientReply, content: bytes) -> Reply:
    return Reply(response.status_code, response.headers, content)


def _translated(error: Exception, deadline: float | None, client: _Client[R]) -> HexclaveError | None:
    """Return the SDK's error for one of the library; `None` if it is none of those."""
    if isinstance(error, HexclaveError):
        return error.with_traceback(None)
    # httpx and httpx2 use the same names for classes that are not related.
    names = {base.__name__ for base in type(error).__mro__}
    if "TimeoutException" in names or isinstance(error, TimeoutError):
        return timed_out(deadline, connecting=bool(names & {"ConnectTimeout", "PoolTimeout"}))
    reason = f"{type(error).__name__}: {error}"
    if "InvalidURL" in names:
        return UnsafeUseError(f"The URL of the call cannot be used ({reason}).")
    if names & {"ConnectError", "ProxyError", "UnsupportedProtocol", "UnicodeError", "ExceptionGroup"}:
        failure = APIConnectionError(f"The API cannot be reached ({reason}).")
        failure.sent = False
        return failure
    if names & {"HTTPError", "StreamError", "NetworkError", "ProtocolError"} or isinstance(error, OSError):
        return broken(reason)
    if isinstance(error, RuntimeError) and client.is_closed:
        return UnsafeUseError("http_client was closed during the call.")
    if isinstance(error, RuntimeError) and "loop" in str(error):
        return UnsafeUseError(
            "http_client has connections of another event loop: make a client for each loop, or leave http_client out."
        )
    return None

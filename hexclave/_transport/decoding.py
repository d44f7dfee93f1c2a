"""Bodies without their compression, in bounded time and memory."""

import contextlib
import time
import zlib
from typing import Final

from hexclave._transport.failures import timed_out
from hexclave.errors import UnreadableReplyError

_GZIP: Final = frozenset({"gzip", "x-gzip"})
_STEP: Final = 1 << 18
_AT_ONCE: Final = 1 << 20
"""Bytes that an event loop is held up with; more are decoded in a thread."""


def decode(status: int, encoding: str, content: bytes, limit: int, deadline: float | None) -> bytes:
    """Return the content without its compression; empty if a failed call's is damaged, because the status says enough.

    Raises:
        UnreadableReplyError: the content is damaged, too large, or compressed more than once.
        TotalTimeout: there is no time left.
    """
    decoding = _Decoding(status, encoding, content, limit, deadline)
    decoding.run()
    return decoding.content


async def decode_async(status: int, encoding: str, content: bytes, limit: int, deadline: float | None) -> bytes:
    """Do the same without blocking the event loop.

    Raises:
        UnreadableReplyError: the content is damaged, too large, or compressed more than once.
        TotalTimeout: there is no time left.
    """
    decoding = _Decoding(status, encoding, content, limit, deadline)
    if not decoding.run(_AT_ONCE):
        import asyncio  # loaded already; no blocking program needs it

        await asyncio.to_thread(decoding.run)
    return decoding.content


class _Decoding:
    def __init__(self, status: int, encoding: str, content: bytes, limit: int, deadline: float | None) -> None:
        codings = [coding for part in encoding.lower().split(",") if (coding := part.strip()) not in ("", "identity")]
        self.content = content
        self._failed = not 200 <= status < 300
        self._limit, self._deadline = limit, deadline
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_done = True
        if len(codings) > 1:
            self._give_up("is compressed more than once")
        elif content and codings and codings[0] in _GZIP | {"deflate"}:
            self._is_done = False
            # What is called deflate comes with and without the header of zlib.
            raw = codings[0] == "deflate" and (content[0] & 0x0F != zlib.DEFLATED or _number(content) % 31)
            window = -zlib.MAX_WBITS if raw else zlib.MAX_WBITS
            self._inflate = zlib.decompressobj(window + 16 if codings[0] in _GZIP else window)

    def run(self, size: int | None = None) -> bool:
        """Decode all, or about `size` bytes; return whether that was all."""
        while not self._is_done:
            if size is not None and self._size >= size:
                return False
            self._step()
        return True

    def _step(self) -> None:
        piece: bytes | None = None
        with contextlib.suppress(zlib.error):
            piece = self._inflate.decompress(self.content, _STEP)
        if piece is None:
            return self._give_up("is damaged")
        self.content = self._inflate.unconsumed_tail
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > self._limit:
            return self._give_up(f"is larger than max_reply_size, {self._limit} bytes, when decompressed")
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise timed_out(self._deadline)
        if self._inflate.eof and not self._inflate.unused_data:
            self._is_done, self.content = True, b"".join(self._pieces)
        elif self._inflate.eof or not (piece or self.content):
            return self._give_up("is damaged")
        return None

    def _give_up(self, problem: str) -> None:
        self._is_done, self.content, self._pieces = True, b"", []
        if not self._failed:
            raise UnreadableReplyError(f"The body of the reply {problem}.")


def _number(content: bytes) -> int:
    return int.from_bytes(content[:2], "big")

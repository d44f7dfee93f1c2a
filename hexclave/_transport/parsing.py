"""Replies from bytes, for both modes. Strict: whatever two readers could understand in two ways is refused."""

from typing import Final

import httptools

from hexclave._transport.failures import broken
from hexclave.errors import APIConnectionError, UnreadableReplyError

LONGEST_HEAD: Final = 1 << 16
"""Bytes of all status lines and headers together."""
_LONGEST_LINE: Final = 1 << 14
_INTERIM: Final = (100, 103)
_FRAMING: Final = frozenset({"content-length", "transfer-encoding"})
_FRAMING_BYTES: Final = frozenset(name.encode() for name in _FRAMING)
_CONTROLS: Final = bytes([*range(9), *range(10, 32), 127])
_NO_BODY: Final = (204, 304)
_END: Final = b"\r\n\r\n"
_START: Final = b"HTTP/1."


def _malformed(reason: str) -> APIConnectionError:
    return broken(f"the reply is not valid HTTP: {reason}")


def _let_interrupts_through(error: Exception) -> None:
    """Raise the Ctrl-C that came while one of our methods was called: llhttp reports it as a malformed reply."""
    if (interrupt := error.__context__) is not None and not isinstance(interrupt, Exception):
        raise interrupt from None


class ReplyReader:
    """Reads one reply. The framing is decided here, from headers that llhttp has checked.

    llhttp does not report how many bytes it consumed, so if it determined the end of a body, surplus data could go
    unnoticed.
    """

    def __init__(self, method: str, limit: int) -> None:
        self._method = method
        self._limit = limit
        self._head = b""
        self._head_size = 0
        self._left = limit
        """Bytes of the body that are missing, or that may still come if its length is unknown."""
        self._chunked = self._until_close = self._begun = self._done = False
        self._problem = ""
        self._tail = b""
        self.started = False
        """True if any byte was received."""
        self.reusable = False
        """True if the connection may be reused once the reply is complete."""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.chunks: list[bytes] = []

    def feed(self, data: bytes) -> bool:
        """Take bytes as they come; return whether the reply is complete.

        Raises:
            APIConnectionError: this is not a valid reply.
            UnreadableReplyError: it is larger than it may be.
        """
        self.started = True
        if self.status < 200:
            return self._feed_head(data)
        return self._feed_body(data)

    def end(self) -> None:
        """Take note that the connection has ended.

        Raises:
            APIConnectionError: the reply is not complete.
        """
        if not self._until_close:
            raise broken("it was closed")

    def _feed_head(self, data: bytes) -> bool:
        data = self._head + data
        while True:
            if data[:7] != _START[: len(data)]:
                raise _malformed("it does not begin with HTTP/1")
            end = data.find(_END)
            if self._head_size + (len(data) if end < 0 else end) > LONGEST_HEAD:
                raise _malformed("its headers are too long")
            if end < 0:
                self._head = data
                return False
            end += len(_END)
            self._head_size += end
            self._read_head(data[:end])
            data = data[end:]
            if self.status >= 200:
                return self._begin_body(data)
            if self.status not in _INTERIM or self.headers.keys() & _FRAMING:
                raise _malformed(f"unexpected status {self.status}, or one with a body")
            if not data:
                self._head = b""
                return False

    def _read_head(self, head: bytes) -> None:
        self.status, self.headers, self._begun = 0, {}, False
        self._parser = httptools.HttpResponseParser(self)
        problem = "its headers cannot be read"
        try:
            self._parser.feed_data(head)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            _let_interrupts_through(error)
            problem = str(error)
            self.status = 0
        line = head[: head.find(b"\r\n")]
        if not self.status or len(line.translate(None, _CONTROLS)) < len(line):
            raise _malformed(problem)
        if self._problem:
            raise _malformed(self._problem)
        if head[7:9] == b"0 ":
            self.reusable = False

    def _begin_body(self, data: bytes) -> bool:
        headers = self.headers
        encoding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if encoding is not None and (encoding.lower() != "chunked" or not self._is_http_1_1()):
            raise _malformed("unknown transfer encoding")
        if self._method == "HEAD" or self.status in _NO_BODY:
            # A body may follow after all, so the connection is of no use if one is announced.
            self.reusable = self.reusable and encoding is None and length in (None, "0")
            self._left = 0
        elif encoding is not None:
            self._chunked = True
        elif length is not None:
            self._left = int(length)
            if self._left > self._limit:
                raise self._too_large()
        else:
            self._until_close, self.reusable = True, False
        return self._feed_body(data)

    def _is_http_1_1(self) -> bool:
        return self._parser.get_http_version() == "1.1"

    def _feed_body(self, data: bytes) -> bool:
        if self._chunked:
            return self._feed_chunked(data)
        left = self._left - len(data)
        if left < 0 and self._until_close:
            raise self._too_large()
        if left < 0:
            data, left, self.reusable = data[:left], 0, False
        self.chunks.append(data)
        self._left = left
        return left == 0 and not self._until_close

    def _feed_chunked(self, data: bytes) -> bool:
        self._left -= len(data)
        if self._left < 0:
            raise self._too_large()
        problem = ""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            _let_interrupts_through(error)
            problem = str(error)
        if self._problem or (problem and not self._done):
            raise _malformed(self._problem or problem)
        self._tail = (self._tail + data)[-6:]
        # llhttp skips line ends after a message without a word.
        if self._done and (problem or self._tail[-4:] != _END or self._tail == b"\r\n\r\n\r\n"):
            self.reusable = False
        return self._done

    def _too_large(self) -> UnreadableReplyError:
        return UnreadableReplyError(f"The reply is larger than max_reply_size, {self._limit} bytes.")

    # Called by llhttp.

    def on_message_begin(self) -> None:
        if self._begun:  # another message in the same bytes
            self.reusable = False
        self._begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:  # a trailer, or a second message
            if not self._done and name.lower() in _FRAMING_BYTES:
                self._problem = "a trailer says how long the body is"
            return
        if len(name) + len(value) > _LONGEST_LINE:
            self._problem = "a header is too long"
        key, text = name.lower().decode("latin-1"), value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        if not self.status:
            self.status = self._parser.get_status_code()
            # Only valid here: after the message, it is always `False`.
            self.reusable = self._parser.should_keep_alive()

    def on_body(self, data: bytes) -> None:
        if not self._done:
            self.chunks.append(data)

    def on_message_complete(self) -> None:
        self._done = self._chunked

"""A webhook endpoint on a loopback port of this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs


@attrs.define
class Endpoint:
    """Answers with the next of `answers`, then with 200."""

    url: str = ""
    answers: list[int] = attrs.field(factory=list)
    received: list[tuple[bytes, dict[str, str]]] = attrs.field(factory=list)


@contextmanager
def endpoint(*answers: int) -> Iterator[Endpoint]:
    """Yield an endpoint that lives as long as the block."""
    made = Endpoint(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.received.append((body, dict(self.headers)))
            self.send_response(made.answers.pop(0) if made.answers else 200)
            self.send_header("location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}/hooks?from=emulator"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()

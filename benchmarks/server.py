"""Server for the benchmarks: a separate process that answers every request as fast as possible.

`/users/…` is answered with one user of 27 fields, `/users?…` with a page of 100 of them that names a next page.
"""

import json
import os
import selectors
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CURSOR = "cursor-000000000000"


def user(number: int) -> dict[str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "display_name": f"Ada Example {number}",
        "primary_email": f"ada{number}@example.com",
        "primary_email_verified": True,
        "primary_email_auth_enabled": True,
        "profile_image_url": None,
        "signed_up_at_millis": 1_700_000_000_000 + number,
        "last_active_at_millis": 1_710_000_000_000 + number,
        "is_anonymous": False,
        "is_restricted": False,
        "restricted_reason": None,
        "restricted_by_admin": False,
        "restricted_by_admin_reason": None,
        "restricted_by_admin_private_details": None,
        "country_code": None,
        "risk_scores": {"sign_up": {"bot": 0, "free_trial_abuse": 0}},
        "has_password": True,
        "auth_with_email": True,
        "otp_auth_enabled": False,
        "passkey_auth_enabled": False,
        "requires_totp_mfa": False,
        "oauth_providers": [],
        "client_metadata": {"plan": "example", "seats": 5},
        "client_read_only_metadata": None,
        "server_metadata": {"tags": ["a", "b"], "nested": {"level": 2}},
        "selected_team": None,
        "selected_team_id": None,
    }


def page(size: int = 100) -> dict[str, Any]:
    users = [user(number) for number in range(size)]
    return {"items": users, "is_paginated": True, "pagination": {"next_cursor": _CURSOR}}


def _reply(body: object) -> bytes:
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    return head.encode() + content


class _Connection:
    user = _reply(user(1))
    page, rest = _reply(page()).split(_CURSOR.encode())

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._received = b""
        self._pages = 0

    def answer(self) -> bool:
        """Answer all complete requests, and return False if the connection was closed."""
        data = self._stream.recv(1 << 16)
        *requests, self._received = (self._received + data).split(b"\r\n\r\n")
        for request in requests:
            if b"/users?" not in request.partition(b"\r\n")[0]:
                self._stream.sendall(self.user)
                continue
            self._pages += 1
            self._stream.sendall(b"".join([self.page, b"cursor-%012d" % self._pages, self.rest]))
        return bool(data)

    def close(self) -> None:
        self._stream.close()


def _serve(chain: str | None) -> None:
    secure = None
    if chain is not None:
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(chain)
    # asyncio would take as much time per call as the fastest client.
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener, selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        print(listener.getsockname()[1], flush=True)
        while True:
            for key, _ in selector.select():
                if key.data is None:
                    stream, _ = listener.accept()
                    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    if secure is not None:
                        stream = secure.wrap_socket(stream, server_side=True)
                    selector.register(stream, selectors.EVENT_READ, _Connection(stream))
                elif not key.data.answer():
                    selector.unregister(key.fileobj)
                    key.data.close()


@contextmanager
def serving(chain: Path | None = None) -> Iterator[str]:
    """Run a server for the duration of the block, and yield its base URL; https if `chain` is given."""
    command = [sys.executable, "-m", "benchmarks.server", *([str(chain)] if chain else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        # Pin the server to its own CPU, so that neither side takes time from the other.
        processors = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        if len(processors) > 1:
            os.sched_setaffinity(process.pid, {min(processors)})
            os.sched_setaffinity(0, processors - {min(processors)})
        try:
            scheme = "https" if chain else "http"
            yield f"{scheme}://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


if __name__ == "__main__":
    _serve(sys.argv[1] if len(sys.argv) > 1 else None)

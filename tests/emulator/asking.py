"""Requests to an emulator in this process."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import attrs

from hexclave_emulator import Emulator, HttpRequest, Reply


@attrs.frozen
class Asker:
    """Sends requests with a key of the ready project, or without any."""

    emulator: Emulator

    def server(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        return self._as("server", "secret_server_key", method, path, body, headers)

    def client(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        return self._as("client", "publishable_client_key", method, path, body, headers)

    def admin(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        return self._as("admin", "super_secret_admin_key", method, path, body, headers)

    def _as(self, access: str, key: str, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Reply:
        ready = self.emulator.ready
        assert ready is not None
        keys = {
            "x-stack-access-type": access,
            "x-stack-project-id": ready.project_id,
            f"x-stack-{key.replace('_', '-')}": getattr(ready, key),
        }
        named = {f"x-stack-{name.replace('_', '-')}": value for name, value in headers.items()}
        return self.plain(method, path, body, keys | named)

    def plain(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request with only these headers. A body of bytes is sent unchanged."""
        sent = dict(headers or {})
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if body is not None:
            sent.setdefault("content-type", "application/json")
        path, _, query = path.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        return self.emulator.handle(HttpRequest(method, f"/api/v1{path}", pairs, sent, content))


def code(reply: Reply) -> str | None:
    """Return the known error of a reply."""
    return reply.headers.get("x-stack-known-error")

"""Requests that belong to no operation of the API: to an emulator, a webhook endpoint, a server to diagnose."""

import json
import time
from collections.abc import Mapping
from typing import Any

from hexclave.cli._exits import Exit, Failure
from hexclave.errors import TransportError
from hexclave.transport import Reply, Request, SocketTransport


def ask(
    method: str, url: str, content: bytes | None = None, headers: Mapping[str, str] | None = None, within: float = 10.0
) -> Reply:
    """Return the reply, whatever its status is.

    Raises:
        TransportError: there is none.
    """
    request = Request(method, url, dict(headers or {}), content, within, within, within)
    transport = SocketTransport()
    try:
        return transport.send(request, time.monotonic() + within)
    finally:
        transport.close()


def ask_json(method: str, url: str, body: object = None) -> Any:
    """Return the decoded reply.

    Raises:
        Failure: there is none, or it is an error.
    """
    content = None if body is None else json.dumps(body).encode()
    headers = {} if content is None else {"content-type": "application/json"}
    try:
        reply = ask(method, url, content, headers)
        if reply.status < 300:
            return reply.json()
    except (TransportError, ValueError) as error:
        raise Failure(f"{url}: {error}", Exit.NETWORK) from error
    raise Failure(f"{url} answered {reply.status}.", Exit.REFUSED)

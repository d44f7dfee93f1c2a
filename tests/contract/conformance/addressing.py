"""The subject of a recorded request: its operation, the ids it names, and its caller."""

from typing import Any
from urllib.parse import unquote

from tests.contract.conformance.recording import Exchange, claims
from tests.contract.conformance.world import World


def template(world: World, exchange: Exchange) -> str:
    """Return method and path template of the operation; empty if the emulator has none."""
    entry, _ = _operation(world, exchange)
    return f"{entry.method} {entry.template}" if entry is not None else ""


def caller_id(exchange: Exchange) -> str | None:
    """Return the user whose access token the request has."""
    said = claims(exchange.api.get("access-token", ""))
    return str(said["sub"]) if said and "sub" in said else None


def addressed(world: World, exchange: Exchange) -> dict[str, Any]:
    """Return the ids in body, query and path, by field; `me` is the caller."""
    body = exchange.body if isinstance(exchange.body, dict) else {}
    _, params = _operation(world, exchange)
    named = {**body, **exchange.query, **params}
    return {name: caller_id(exchange) if value == "me" else value for name, value in named.items()}


def _operation(world: World, exchange: Exchange) -> tuple[Any, dict[str, str]]:
    segments = exchange.path.strip("/").split("/")[2:]
    routes, values = world.emulator.router.find(segments or [""]) or ({}, [])
    entry, names = routes.get(exchange.method, (None, ()))
    return entry, {name: unquote(value) for name, value in zip(names, values, strict=False)}

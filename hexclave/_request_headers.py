"""Headers of incoming requests of any framework, server or gateway."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from hexclave.errors import UnsafeUseError


def header_values(request: object, names: Collection[str]) -> dict[str, list[str]]:
    """Return all values of the headers with these lower-case names.

    `request` has `headers` (Starlette, FastAPI, Flask, Django, aiohttp and most others), or is a WSGI environ, an ASGI
    scope, an API gateway's event, a mapping of headers or a list of pairs.

    Raises:
        UnsafeUseError: `request` is something else.
    """
    found: dict[str, list[str]] = {}
    for name, value in _pairs(request):
        lower = _text(name).lower()
        if lower in names and value is not None:
            values = value if isinstance(value, list | tuple) else (value,)
            found.setdefault(lower, []).extend(map(_text, values))
    return found


def _pairs(request: Any) -> Iterable[tuple[Any, Any]]:
    headers = getattr(request, "headers", None)
    if headers is None:
        headers = _inside(request) if isinstance(request, Mapping) else request
    if hasattr(headers, "items"):
        return headers.items()  # type: ignore[no-any-return]
    if isinstance(headers, list | tuple) and all(map(_is_pair, headers)):
        return headers
    raise UnsafeUseError(
        f"A {type(request).__name__} has no headers: pass the framework's request, a WSGI environ, an ASGI scope, or a "
        "mapping of headers."
    )


def _inside(request: Mapping[Any, Any]) -> object:
    """Return the headers in a mapping that is a request, or the mapping itself if it has headers."""
    if "REQUEST_METHOD" in request and "wsgi.version" in request:
        return [(key[5:].replace("_", "-"), value) for key, value in request.items() if str(key).startswith("HTTP_")]
    inner = request.get("headers")
    # A client can send a header named `headers` too, but its value is not a mapping or a list of pairs.
    if isinstance(inner, Mapping) or (isinstance(inner, list | tuple) and inner and all(map(_is_pair, inner))):
        return inner
    return [] if inner == [] and "type" in request else request


def _is_pair(item: object) -> bool:
    return isinstance(item, list | tuple) and len(item) == 2


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str):
        return value
    raise UnsafeUseError(f"Header names and values must be str or bytes, not {type(value).__name__}.")

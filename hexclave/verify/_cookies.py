"""Session cookies of the browser SDKs."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeGuard
from urllib.parse import unquote

_NEVER: Final = 1e18


def tokens_in_cookies(headers: Iterable[str], project_id: str) -> tuple[str | None, str | None]:
    """Return access and refresh token, each `None` if the `Cookie` headers have none. Malformed cookies are ignored.

    Without a refresh token there is no session; an access token is only used with the refresh token it belongs to.
    """
    cookies = dict(_cookies(headers))
    refresh_token = _refresh_token(cookies, project_id)
    if refresh_token is None:
        return None, None
    pair = _json(cookies.get("hexclave-access") or cookies.get("stack-access"))
    if isinstance(pair, list) and len(pair) == 2 and pair[0] == refresh_token and isinstance(pair[1], str):
        return pair[1] or None, refresh_token
    return None, refresh_token


def _refresh_token(cookies: dict[str, str], project_id: str) -> str | None:
    named = f"hexclave-refresh-{project_id}--"
    older = f"stack-refresh-{project_id}"
    return (
        _newest(cookies, (named, f"__Host-{named}"))
        or cookies.get(older)
        or cookies.get("stack-refresh")
        or _newest(cookies, (f"{older}--", f"__Host-{older}--"))
        or None
    )


def _newest(cookies: dict[str, str], prefixes: tuple[str, ...]) -> str | None:
    """Return the refresh token of the structured cookie that was written last."""
    newest: tuple[float, str] | None = None
    for name, text in cookies.items():
        if not name.startswith(prefixes):
            continue
        value = _json(text)
        if isinstance(value, dict):
            token, millis = value.get("refresh_token"), value.get("updated_at_millis")
            if isinstance(token, str) and token and _is_time(millis) and (newest is None or millis > newest[0]):
                newest = millis, token
    return None if newest is None else newest[1]


def _cookies(headers: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield names and percent-decoded values in reverse, so that the most specific path, sent first, wins."""
    pairs = [pair.partition("=") for header in headers for pair in header.split(";")]
    for name, _, value in reversed(pairs):
        try:
            yield name.strip(), unquote(value.strip().strip('"'), errors="strict")
        except UnicodeDecodeError:
            continue


def _json(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _NEVER

"""Values as Python source, broken into lines where they are long."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

_WIDTH: Final = 88
_INDENT: Final = "    "
HIDDEN: Final = '"••••••••"'
"""Placeholder for a masked secret."""


@attrs.frozen
class Raw:
    """Source as it is."""

    source: str


@attrs.frozen(repr=False)
class SecretValue:
    """Text that is shown on request only."""

    value: str


def call_source(
    path: str, positional: Sequence[Any], keyword: Mapping[str, Any], secret: Callable[[str], str], depth: int = 0
) -> str:
    """Return a call, such as `app.users.get('…')`; `secret` writes secrets."""
    parts = [_value(each, secret, depth + 1) for each in positional]
    parts += [f"{name}={_value(value, secret, depth + 1)}" for name, value in keyword.items()]
    return _joined(f"{path}(", parts, ")", depth)


def _value(value: Any, secret: Callable[[str], str], depth: int) -> str:
    if isinstance(value, Raw):
        return value.source.replace("\n", f"\n{_INDENT * depth}")
    if isinstance(value, SecretValue):
        return secret(value.value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        parts = [f"{_value(key, secret, depth + 1)}: {_value(each, secret, depth + 1)}" for key, each in value.items()]
        return _joined("{", parts, "}", depth)
    if isinstance(value, list):
        return _joined("[", [_value(each, secret, depth + 1) for each in value], "]", depth)
    return repr(value)


def _text(value: str) -> str:
    source = repr(value)
    # With double quotes, as formatters write it.
    return f'"{source[1:-1]}"' if source[0] == "'" and '"' not in source and "\\'" not in source else source


def _joined(before: str, parts: Sequence[str], after: str, depth: int) -> str:
    line = f"{before}{', '.join(parts)}{after}"
    if "\n" not in line and len(line) + len(_INDENT) * depth <= _WIDTH:
        return line
    inner = _INDENT * (depth + 1)
    return f"{before}\n{''.join(f'{inner}{part},{chr(10)}' for part in parts)}{_INDENT * depth}{after}"

"""Validation of the `x-` extensions, which OpenAPI validators ignore."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from generator.description import AUDIENCES, CREDENTIALS, DescriptionError, Json

_ACCESS: Final = set(AUDIENCES)


def refuse_malformed(path: Path, document: Json) -> None:
    """Raise if an extension in `document` does not have the form that `spec/README.md` defines.

    Raises:
        DescriptionError: gives `path`, the JSON pointer and the expected form.
    """
    for at, key, value in _extensions(document, ""):
        form = _FORMS.get(key)
        if form and not form[0](value):
            raise DescriptionError(f"{path}#{at}/{key}: expected {form[1]}")


def _extensions(node: Any, at: str) -> Iterator[tuple[str, str, Any]]:
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if str(key).startswith("x-"):
            yield at, str(key), child
        else:
            yield from _extensions(child, f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}")


def _is_access(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(v, str) and v in _ACCESS for v in value)


def _is_by_access(value: Any) -> bool:
    return _is_names(value) and value.keys() <= _ACCESS


def _is_names(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) for name in value.values())


def _is_credentials(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) and v in CREDENTIALS.values() for v in value)


def _is_release(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"(after )?\d{4}-\d{2}", value) is not None


def _is_releases(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_release, value.values()))


_FORMS: Final = {
    "x-access": (_is_access, f"a list of access types ({', '.join(AUDIENCES)})"),
    "x-access-names": (_is_by_access, "a name for each access type"),
    "x-access-schema": (_is_by_access, "a reference for each access type"),
    "x-names": (_is_names, "a name for each place"),
    "x-needs": (_is_credentials, f"a list of credentials ({', '.join(CREDENTIALS.values())})"),
    "x-uses": (_is_credentials, f"a list of credentials ({', '.join(CREDENTIALS.values())})"),
    "x-idempotent": (lambda value: value is True, "true"),
    "x-since": (_is_release, "a release such as 2026-09, or `after 2026-04`"),
    "x-since-values": (_is_releases, "a release for each value"),
    "x-unpublished": (lambda value: value is True, "true"),
    "x-older": (lambda value: isinstance(value, str), "the id of an operation"),
    "x-ours": (lambda value: value is True or (isinstance(value, str) and value != ""), "true, or why"),
    "x-note": (lambda value: isinstance(value, str), "text"),
    "x-methods": (lambda value: isinstance(value, list), "a list of methods"),
    "x-resources": (lambda value: isinstance(value, dict), "resources by their path"),
}

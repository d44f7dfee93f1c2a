"""The files of the page."""

from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import Final

from hexclave_emulator.messages.exchange import Reply
from hexclave_emulator.messages.refusals import plain

_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def served(name: str) -> Reply:
    """Return a file of the page.

    Raises:
        Refusal: the page has no such file.
    """
    found = _files().get(name)
    if found is None:
        raise plain(404, "The emulator's page has no such file.")
    return found


@cache
def _files() -> dict[str, Reply]:
    folder = files("hexclave_emulator.page").joinpath("web")
    return {
        each.name: Reply(
            200,
            each.read_bytes(),
            {"content-type": f"{_TYPES[PurePath(each.name).suffix]}; charset=utf-8", **_HEADERS},
            bare=True,
        )
        for each in folder.iterdir()
        if PurePath(each.name).suffix in _TYPES
    }

"""Default names for imported items. An existing name in the description always takes precedence."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import count
from typing import NamedTuple

from generator.description import WEBHOOK
from generator.importing.upstream import Place

_VERBS = {"get": "get", "post": "create", "put": "replace", "patch": "update", "delete": "delete"}
_ADJECTIVES = {"me": "current", "current": "current"}
_ACTIONS = frozenset({"validate", "check", "verify", "send", "accept", "reset", "sync", "test"})
_MASS_NOUNS = frozenset({"status", "address", "analytics", "access", "success"})


class Position(NamedTuple):
    """The place of a schema. Its text is the key used in `x-names`: `GET /teams response 200.items[]`."""

    place: Place
    audience: str
    part: str
    """`body` or `response STATUS`."""
    inside: str = ""
    """The path to the schema: `.items[]`."""

    def __str__(self) -> str:
        return f"{text(self.place)} {self.part}{self.inside}"

    @property
    def exactly(self) -> str:
        """The key for this access type alone."""
        return f"{self} as {self.audience}" if self.place[0] != WEBHOOK else str(self)

    def into(self, step: str) -> "Position":
        return self._replace(inside=self.inside + step)


def text(place: Place) -> str:
    """Return a place as written in messages and in `x-names`: `GET /teams`, `webhook user.created`."""
    method, path = place
    return f"{method if method == WEBHOOK else method.upper()} {path}"


def operation_ids(places: Iterable[Place], lists: Collection[Place], taken: Collection[str]) -> dict[Place, str]:
    """Return a distinct operation id for each of `places`: as short as possible, with more of the path where necessary.

    Args:
        lists: the places whose reply is a list.
        taken: ids used elsewhere.

    If all names of a place are taken, a number is appended.
    """
    found: dict[Place, str] = {}
    waiting = sorted(places)
    longest = max((len(_nouns(path)) for _, path in waiting), default=0)
    for length in range(1, longest + 2):
        in_full = length > longest
        ids = {place: _operation_id(place, length, is_list=place in lists, in_full=in_full) for place in waiting}
        often = Counter(ids.values())
        free = {
            place: name for place, name in ids.items() if often[name] == 1 and name not in {*taken, *found.values()}
        }
        found |= free
        waiting = [place for place in waiting if place not in free]
    for place in waiting:
        name = _operation_id(place, longest + 1, is_list=place in lists, in_full=True)
        found[place] = numbered(name, {*taken, *found.values()}, "_")
    return found


def summary(place: Place, operation_id: str) -> str:
    """Return a neutral summary for an operation without one."""
    method, path = place
    if method == WEBHOOK:
        return f"The event {path}"
    words = operation_id.replace("_", " ")
    parameters = ", ".join(_parameters(path)).replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}" + (f" by {parameters}" if parameters and " by " not in words else "")


def tag(place: Place) -> str:
    """Return the default group of an operation."""
    method, path = place
    if method == WEBHOOK:
        return "webhooks"
    segments = [segment for segment in path.split("/")[1:] if segment and not segment.startswith("{")]
    return "_".join(_words(segments[0])) if segments else "api"


def component_names(position: Position, operation_id: str, *, is_list: bool, owner: str, prefix: str) -> list[str]:
    """Return candidate names for the schema at `position`; use the first one that is free.

    Args:
        is_list: the schema is a list reply, an object with `items`.
        owner: the name of the component with this schema as a field, or "".
        prefix: the prefix for this access type's shape if it differs from the first one's, such as `Server`.
    """
    method, path = position.place
    inside = re.sub(r"\|\d+|\[\]|\.\*", "", position.inside).strip(".")
    steps = inside.split(".") if inside else []
    if method == WEBHOOK:
        event = _pascal(path)
        return [f"{event}Event"] if not steps else [f"{event}{_pascal(steps[-1])}"]
    nouns = [prefix + _pascal(_noun(path, length)) for length in range(1, len(_nouns(path)) + 1)]
    if position.inside == ".items[]":
        names = nouns
    elif steps:
        words = _words(steps[-1])
        field = _pascal(_singular(words) if position.inside.endswith("[]") else words)
        names = [field, owner + field, _pascal(operation_id) + owner + field]
    elif position.part == "body":
        names = [f"{_pascal(operation_id)}Body"]
    elif is_list:
        names = [f"{noun}Page" for noun in nouns]
    elif _acts(method, path) or method == "delete":
        names = []
    else:
        names = nouns
    if not steps and position.part != "body":
        names = [*names, f"{_pascal(operation_id)}Result"]
    return list(dict.fromkeys(filter(None, names)))


def numbered(name: str, taken: Collection[str], joint: str = "") -> str:
    """Return `name` with the first number that makes it unique."""
    return next(each for number in count(2) if (each := f"{name}{joint}{number}") not in taken)


def class_name(operation_id: str) -> str:
    """Return the component name for an operation id."""
    return _pascal(operation_id)


def variant(operation_id: str, audiences: Collection[str], *, first: bool) -> str:
    """Return the id of the function for these access types if their shapes differ from those of the first group."""
    return operation_id if first else f"{operation_id}_as_{'server' if 'server' in audiences else 'admin'}"


def prefix_of(audiences: Collection[str]) -> str:
    return "Server" if "server" in audiences else "Admin"


def _operation_id(place: Place, length: int, *, is_list: bool, in_full: bool) -> str:
    method, path = place
    if method == WEBHOOK:
        return "_".join(_words(path))
    nouns = _nouns(path)[-length:] or [["root"]]
    if _acts(method, path):
        words = [word for noun in nouns for word in noun]
    elif is_list and method == "get":
        words = ["list", *(word for noun in nouns[:-1] for word in _singular(noun)), *nouns[-1]]
    else:
        words = [_VERBS.get(method, method), *(word for noun in nouns for word in _singular(noun))]
    parameters = _parameters(path) if in_full else []
    return "_".join([*words, *(["by", *parameters] if parameters else [])])


def _acts(method: str, path: str) -> bool:
    """Return true if a POST does something other than create: its last segment is a verb, not a plural noun."""
    last = path.rsplit("/", 1)[1]
    return method == "post" and not last.startswith("{") and (not _is_plural(last) or _words(last)[0] in _ACTIONS)


def _noun(path: str, length: int) -> list[str]:
    """Return the last `length` nouns of `path`, all singular."""
    return [word for segment in _nouns(path)[-length:] for word in _singular(segment)]


def _nouns(path: str) -> list[list[str]]:
    """Return the fixed segments of `path` as words; `/users/me` is one noun, a current user."""
    nouns: list[list[str]] = []
    for segment in path.split("/"):
        if segment in _ADJECTIVES and nouns:
            nouns[-1] = [_ADJECTIVES[segment], *_singular(nouns[-1])]
        elif segment and not segment.startswith("{"):
            nouns.append(_words(segment))
    return nouns


def _parameters(path: str) -> list[str]:
    return [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]


def _words(name: str) -> list[str]:
    return "".join(f" {c.lower()}" if c.isupper() else c if c.isalnum() else " " for c in name).split()


def _pascal(words: list[str] | str) -> str:
    parts = _words(words) if isinstance(words, str) else words
    return "".join("OAuth" if part == "oauth" else part[:1].upper() + part[1:] for part in parts)


def _is_plural(word: str) -> bool:
    return word.endswith("s") and not word.endswith("ss") and word.rsplit("-", 1)[-1] not in _MASS_NOUNS


def _singular(words: list[str]) -> list[str]:
    *first, last = words or [""]
    if not _is_plural(last):
        return words
    return [*first, f"{last[:-3]}y" if last.endswith("ies") else last[:-1]]

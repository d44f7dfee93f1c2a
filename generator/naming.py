"""Names for what an import brings. A name that the description already has always wins over these defaults."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

from generator.upstream import WEBHOOK, Place

_VERBS = {"get": "get", "post": "create", "put": "replace", "patch": "update", "delete": "delete"}
_ADJECTIVES = {"me": "current", "current": "current"}
_MASS_NOUNS = frozenset({"status", "address", "analytics", "access", "success"})


class Position(NamedTuple):
    """Where a schema stands. Its text is the key that `x-names` uses: `GET /teams response 200.items[]`."""

    place: Place
    audience: str
    part: str
    """`body` or `response STATUS`."""
    inside: str = ""
    """The way into the schema: `.items[]`."""

    def __str__(self) -> str:
        return f"{text(self.place)} {self.part}{self.inside}"

    @property
    def exactly(self) -> str:
        """The key that means this access type alone."""
        return f"{self} as {self.audience}" if self.place[0] != WEBHOOK else str(self)

    def into(self, step: str) -> "Position":
        return self._replace(inside=self.inside + step)


def text(place: Place) -> str:
    """How a place is written in messages and in `x-names`: `GET /teams`, `webhook user.created`."""
    method, path = place
    return f"{method if method == WEBHOOK else method.upper()} {path}"


def operation_ids(places: Iterable[Place], lists: Collection[Place], taken: Collection[str]) -> dict[Place, str]:
    """A distinct operation id for each of `places`: as short as possible, with more of the path where it must be.

    Args:
        lists: the places that reply with a list.
        taken: ids that are in use elsewhere.
    """
    found: dict[Place, str] = {}
    waiting = sorted(places)
    for length in range(1, 20):
        ids = {place: _operation_id(place, length, is_list=place in lists) for place in waiting}
        often = Counter(ids.values())
        free = {
            place: name for place, name in ids.items() if often[name] == 1 and name not in {*taken, *found.values()}
        }
        found |= free
        waiting = [place for place in waiting if place not in free]
    # Two paths that differ in punctuation alone are all that can be left.
    return found | {
        place: f"{_operation_id(place, 20, is_list=place in lists)}_{i}" for i, place in enumerate(waiting, 2)
    }


def summary(place: Place, operation_id: str) -> str:
    """A neutral first line for an operation that nobody has worded yet."""
    method, path = place
    if method == WEBHOOK:
        return f"The event {path}"
    parameters = [segment[1:-1].replace("_", " ") for segment in path.split("/") if segment.startswith("{")]
    text = operation_id.replace("_", " ")
    return f"{text[:1].upper()}{text[1:]}" + (f" by {', '.join(parameters)}" if parameters else "")


def tag(place: Place) -> str:
    """The group that an operation belongs to until somebody says otherwise."""
    method, path = place
    if method == WEBHOOK:
        return "webhooks"
    segments = [segment for segment in path.split("/")[1:] if segment and not segment.startswith("{")]
    return "_".join(_words(segments[0])) if segments else "api"


def component_names(position: Position, operation_id: str, *, is_list: bool, owner: str, prefix: str) -> list[str]:
    """Names for the schema at `position`, the first that is free is to be taken.

    Args:
        is_list: the schema is a list reply, an object with `items`.
        owner: the name of the component that has this schema as a field, or "".
        prefix: what tells this access type's shape from the first one's, such as `Server`.
    """
    method, path = position.place
    steps = position.inside.replace("[]", "").strip(".").split(".") if position.inside else []
    noun = prefix + _pascal(_noun(path, len(path)))
    if method == WEBHOOK:
        event = _pascal(path.replace(".", "_"))
        return [f"{event}Event"] if not steps else [f"{event}{_pascal(_words(steps[-1]))}"]
    if position.inside == ".items[]":
        return _candidates([prefix + _pascal(_noun(path, length)) for length in range(1, 6)])
    if steps:
        field = _pascal(_singular(_words(steps[-1])) if position.inside.endswith("[]") else _words(steps[-1]))
        return _candidates([field, owner + field, _pascal(operation_id) + owner + field])
    if position.part == "body":
        return [f"{_pascal(operation_id)}Body"]
    result = f"{_pascal(operation_id)}Result"
    if is_list:
        return _candidates([*(f"{prefix}{_pascal(_noun(path, length))}Page" for length in range(1, 6)), result])
    if _acts(method, path) or method == "delete":
        return [result]
    return _candidates([*(prefix + _pascal(_noun(path, length)) for length in range(1, 6)), noun, result])


def variant(operation_id: str, audiences: Collection[str], *, first: bool) -> str:
    """The id of the function for these access types, whose shapes differ from those of the first group."""
    return operation_id if first else f"{operation_id}_as_{'server' if 'server' in audiences else 'admin'}"


def prefix_of(audiences: Collection[str]) -> str:
    return "Server" if "server" in audiences else "Admin"


def _operation_id(place: Place, length: int, *, is_list: bool) -> str:
    method, path = place
    if method == WEBHOOK:
        return "_".join(_words(path))
    if _acts(method, path):
        return "_".join([word for segment in _nouns(path)[-length:] for word in segment]) or "call"
    noun = _noun(path, length)
    if is_list and method == "get":
        return "_".join(["list", *_nouns_of(path, length)])
    return "_".join([_VERBS.get(method, method), *(noun or ["root"])])


def _acts(method: str, path: str) -> bool:
    """Whether a POST does something other than creating: its last segment is a verb, not a plural noun."""
    last = path.rsplit("/", 1)[1]
    return method == "post" and not last.startswith("{") and not _is_plural(last)


def _noun(path: str, length: int) -> list[str]:
    """The last `length` nouns of `path`, all singular."""
    return [word for segment in _nouns(path)[-length:] for word in _singular(segment)]


def _nouns_of(path: str, length: int) -> list[str]:
    nouns = _nouns(path)[-length:]
    return [word for segment in nouns[:-1] for word in _singular(segment)] + (nouns[-1] if nouns else [])


def _nouns(path: str) -> list[list[str]]:
    """The fixed segments of `path` as words; `/users/me` is one noun, a current user."""
    nouns: list[list[str]] = []
    for segment in path.split("/"):
        if segment in _ADJECTIVES and nouns:
            nouns[-1] = [_ADJECTIVES[segment], *_singular(nouns[-1])]
        elif segment and not segment.startswith("{"):
            nouns.append(_words(segment))
    return nouns


def _words(text: str) -> list[str]:
    spaced = "".join(f" {c.lower()}" if c.isupper() else c if c.isalnum() else " " for c in text)
    return spaced.split()


def _pascal(words: list[str] | str) -> str:
    parts = _words(words) if isinstance(words, str) else words
    return "".join(part[:1].upper() + part[1:] for part in parts)


def _is_plural(word: str) -> bool:
    return word.endswith("s") and not word.endswith("ss") and word.rsplit("-", 1)[-1] not in _MASS_NOUNS


def _singular(words: list[str]) -> list[str]:
    *first, last = words or [""]
    if not _is_plural(last):
        return words
    return [*first, f"{last[:-3]}y" if last.endswith("ies") else last[:-1]]


def _candidates(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, names)))

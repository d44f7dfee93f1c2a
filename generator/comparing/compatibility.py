"""Differences between two schemas, and which of them are breaking.

Requests and replies have opposite rules. A request schema may only become wider: everything that callers pass today
must still be accepted. A reply schema may only become narrower: it must still match what callers read today. Enum
values in replies may come and go, because unknown values remain strings.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeAlias

import attrs

from generator.comparing.shapes import STRUCTURE, WORDING, Node, Reader, Shape

Direction: TypeAlias = Literal["sent", "received"]
Affects: TypeAlias = Literal["wire", "python"]

_LOWER_BOUNDS: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_UPPER_BOUNDS: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_HARMLESS_TO_READ: Final = _LOWER_BOUNDS | _UPPER_BOUNDS | {"pattern", "multipleOf", "uniqueItems", "format"}
_TYPED_FORMATS: Final = frozenset({"date", "date-time"})
"""Formats that give a field another Python type."""


@attrs.frozen
class Place:
    """The location of a difference: in an operation and, relative to that, in the innermost component."""

    outer: str
    component: tuple[str, str] | None = None
    """Its names in the old and the new description."""
    inner: str = ""

    @property
    def in_component(self) -> tuple[str, str] | None:
        """The component, by its new name, and the location within it."""
        return (self.component[1], self.inner) if self.component else None

    def step(self, step: str) -> "Place":
        return attrs.evolve(self, outer=self.outer + step, inner=self.inner + step)


@attrs.frozen
class Fact:
    """A difference, wherever it occurs."""

    kind: str
    text: str
    breaking: bool
    affects: Affects
    """`wire`, or `python` if only names and types in the rendered package change."""
    direction: Direction


@attrs.frozen
class Difference:
    """A difference between two operations or schemas."""

    place: Place
    fact: Fact
    repeated: bool = False
    """True if its component is used elsewhere, too, in the compared descriptions."""


@attrs.define
class Comparison:
    """A comparison of schemas as seen by one access type, in one direction; each component is compared once."""

    old: Reader
    new: Reader
    direction: Direction
    _found: list[Difference] = attrs.field(factory=list)
    _open: set[tuple[str, str]] = attrs.field(factory=set)
    _met: dict[tuple[str, str], slice] = attrs.field(factory=dict)
    """The components compared, with the differences found in each."""
    _repeated: set[tuple[str, str] | None] = attrs.field(factory=set)

    def differences(self) -> Iterator[Difference]:
        """All differences found so far."""
        for found in self._found:
            yield attrs.evolve(found, repeated=found.place.component in self._repeated)

    def say(
        self,
        place: Place,
        kind: str,
        text: str,
        *,
        sent: bool = False,
        received: bool = False,
        affects: Affects = "wire",
    ) -> None:
        """Record a difference; `sent` and `received` are the directions in which it is breaking."""
        breaking = sent if self.direction == "sent" else received
        self._found.append(Difference(place, Fact(kind, text, breaking, affects, self.direction)))

    def addition(self, schema: Node | bool, *, needed: bool) -> str:
        """Return the text for a field or parameter that was added."""
        shape = self.new.shape(schema)
        use = ("required" if needed else "optional") if self.direction == "sent" else absence(shape, needed)
        return f"added: {shape}, {use}" if use else f"added: {shape}"

    def schemas(self, old: Node | bool, new: Node | bool, place: Place) -> None:
        """Compare the schemas at `place` before and after."""
        self.field(old, new, place, was=True, needed=True)

    def field(self, old: Node | bool, new: Node | bool, place: Place, *, was: bool, needed: bool) -> None:
        """Compare a field or parameter that exists on both sides; `was` and `needed` are true if it is required."""
        before, after = self.old.shape(old), self.new.shape(new)
        if self.direction == "sent":
            self._accepted(before, after, place, was=was, needed=needed)
        elif (lacked := absence(before, was)) != (lacks := absence(after, needed)):
            # A reader gets `None` for missing and for null, so the distinction makes no difference.
            kind = "became-required" if not lacks else "absence-changed" if lacked else "became-optional"
            text = f"{lacked or 'always there'} → {lacks or 'always there'}"
            self.say(place, kind, text, received=not lacked)
        if before.node.get("default") != after.node.get("default"):
            values = [_json(shape.node["default"]) if "default" in shape.node else "none" for shape in (before, after)]
            self.say(place, "default-changed", f"default {values[0]} → {values[1]}")
        if bool(before.node.get("deprecated")) != bool(after.node.get("deprecated")):
            self.say(place, *deprecation(after.node))
        self._shapes(before, after, place)

    def _accepted(self, old: Shape, new: Shape, place: Place, *, was: bool, needed: bool) -> None:
        if needed and not was:
            self.say(place, "became-required", "is required now", sent=True)
        elif was and not needed:
            self.say(place, "became-optional", "is optional now")
        if old.nullable and not new.nullable:
            self.say(place, "no-longer-nullable", "no longer takes null", sent=True)
        elif new.nullable and not old.nullable:
            self.say(place, "became-nullable", "takes null now")

    def _shapes(self, old: Shape, new: Shape, place: Place) -> None:
        pair = (old.key, new.key)
        if old.name and new.name:
            inside = attrs.evolve(place, component=(old.name, new.name), inner="")
            if old.name != new.name:
                self._renamed(old.name, new.name, place, inside)
            place = inside
        if pair in self._met:
            self._repeated |= {found.place.component for found in self._found[self._met[pair]]}
        elif pair not in self._open:
            begin = len(self._found)
            self._open.add(pair)
            self._inside(old, new, place)
            self._open.discard(pair)
            if place.component == pair:
                self._met[pair] = slice(begin, len(self._found))

    def _inside(self, old: Shape, new: Shape, place: Place) -> None:
        pairs, gone, come = _paired([*old.options] or [old], [*new.options] or [new])
        for before, after in pairs:
            if old.options or new.options:
                self._shapes(before, after, place)
            else:
                self._alone(before, after, place)
        for option in gone:
            self.say(place, "option-removed", f"is never {option} now", sent=True)
        for option in come:
            self.say(place, "option-added", f"can also be {option} now", received=True)

    def _renamed(self, old: str, new: str, place: Place, inside: Place) -> None:
        if self.direction == "sent" and place.outer == "body":
            return  # The fields of a body are keyword arguments: its class name appears nowhere.
        if old in _components(self.new) or new in _components(self.old):
            self.say(place, "retyped", f"{old} → {new}", sent=True, received=True, affects="python")
        else:
            text = f"{old} is called {new} now"
            self.say(inside, "component-renamed", text, sent=True, received=True, affects="python")

    def _alone(self, old: Shape, new: Shape, place: Place) -> None:
        if old.kind != new.kind:
            return self._retyped(old, new, place)
        self._enum(old, new, place)
        self._limits(old, new, place)
        if old.kind == "record":
            self._fields(old, new, place)
        elif old.kind == "array":
            self.schemas(old.node.get("items", {}), new.node.get("items", {}), place.step("[]"))
        elif old.kind == "map":
            self.schemas(old.node["additionalProperties"], new.node["additionalProperties"], place.step("{}"))
        return None

    def _retyped(self, old: Shape, new: Shape, place: Place) -> None:
        wire = not (_takes(new, old) if self.direction == "sent" else _takes(old, new))
        # A mapping is indexed, whereas a model has attributes; the fields of a body are keyword arguments.
        sent, received = old.kind == "record" and place.outer == "body", new.kind == "record"
        affects: Affects = "wire" if wire else "python"
        self.say(place, "retyped", f"{old} → {new}", sent=wire or sent, received=wire or received, affects=affects)

    def _fields(self, old: Shape, new: Shape, place: Place) -> None:
        before, after = old.node.get("properties", {}), new.node.get("properties", {})
        for name in sorted(before.keys() | after.keys()):
            at = place.step(f".{name}" if re.fullmatch(r"[\w$-]+", name) else f"[{_json(name)}]")
            was, needed = self._is_required(old.node, name), self._is_required(new.node, name)
            if name not in after:
                self.say(at, "removed", "removed", sent=True, received=True)
            elif name not in before:
                self.say(at, "added", self.addition(after[name], needed=needed), sent=needed)
            else:
                self.field(before[name], after[name], at, was=was, needed=needed)

    def _is_required(self, node: Node, name: str) -> bool:
        # Fields that older servers omit from replies are optional here, although the documents require them.
        schema = node.get("properties", {}).get(name)  # may be true or false
        promised = self.direction == "received" and isinstance(schema, dict) and "x-since" in schema
        return promised or name in node.get("required", ())

    def _enum(self, old: Shape, new: Shape, place: Place) -> None:
        before, after = old.enum, new.enum
        if before is None and after is not None:
            self.say(place, "enum-added", f"only {_listed(after)} now", sent=True)
        elif before is not None and after is None:
            self.say(place, "enum-removed", f"any {new} now, not only {_listed(before)}")
        elif before is not None and after is not None:
            if gone := [value for value in before if value not in after]:
                self.say(place, "values-removed", f"no longer {_listed(gone)}", sent=True)
            if come := [value for value in after if value not in before]:
                self.say(place, "values-added", f"also {_listed(come)}")

    def _limits(self, old: Shape, new: Shape, place: Place) -> None:
        """Compare every keyword that restricts a value, known or not, so that none is overlooked."""
        for word in sorted((old.node.keys() | new.node.keys()) - STRUCTURE - WORDING):
            before, after = old.node.get(word), new.node.get(word)
            if before == after or word.startswith("x-"):
                continue
            looser = _loosens(word, before, after)
            typed = word == "format" and bool({before, after} & _TYPED_FORMATS)
            self.say(
                place,
                "limit-added" if before is None else "limit-removed" if after is None else "limit-changed",
                f"{word} {'none' if before is None else _json(before)} → {'none' if after is None else _json(after)}",
                sent=typed or not looser,
                received=typed or word not in _HARMLESS_TO_READ,
                affects="python" if typed and (looser or self.direction == "received") else "wire",
            )


def _loosens(word: str, before: Any, after: Any) -> bool:
    if before is None or after is None:
        return after is None
    return bool(after < before) if word in _LOWER_BOUNDS else bool(after > before) if word in _UPPER_BOUNDS else False


def absence(shape: Shape, needed: bool) -> str:
    """Return the ways in which a field of a reply may have no value; empty if it always has one."""
    ways = ["missing"] * (not needed) + ["null"] * shape.nullable
    return f"may be {' or '.join(ways)}" if ways else ""


def deprecation(node: Node) -> tuple[str, str]:
    """Return the kind and text for a deprecation that was added or removed."""
    if node.get("deprecated"):
        return "deprecated", "is deprecated now"
    return "undeprecated", "is no longer deprecated"


def _takes(wide: Shape, narrow: Shape) -> bool:
    """Return true if every value of type `narrow` is also of type `wide`."""
    return (
        wide.kind in ("any", narrow.kind)
        or (wide.kind == "number" and narrow.kind == "integer")
        or (wide.kind == "object" and narrow.kind in ("record", "map"))
    )


_ALIKE: Final[tuple[Callable[[Shape, Shape], bool], ...]] = (
    lambda old, new: old.name is not None and old.name == new.name,
    lambda old, new: old.node == new.node,
    lambda old, new: old.kind == new.kind,
    lambda old, new: _takes(old, new) or _takes(new, old),
)


def _paired(old: list[Shape], new: list[Shape]) -> tuple[list[tuple[Shape, Shape]], list[Shape], list[Shape]]:
    """Pair corresponding options, most similar first; return the pairs and the unpaired options of each side."""
    pairs = []
    for alike in _ALIKE:
        for before in list(old):
            if after := next((option for option in new if alike(before, option)), None):
                pairs.append((before, after))
                old.remove(before)
                new.remove(after)
    if len(old) == len(new) == 1:
        pairs.append((old.pop(), new.pop()))
    return pairs, old, new


def _components(reader: Reader) -> Node:
    schemas: Node = reader.document.get("components", {}).get("schemas", {})
    return schemas


def _listed(values: list[Any]) -> str:
    return ", ".join(map(_json, values))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

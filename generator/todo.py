"""The work left to do by hand after an import, in order."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from generator.comparing.changes import Change, compare
from generator.comparing.compatibility import Comparison
from generator.comparing.compatibility import Place as Where
from generator.comparing.shapes import Reader
from generator.description import WEBHOOK, Json, bare
from generator.importing import naming
from generator.importing.standing import operations, references
from generator.importing.upstream import Place
from generator.importing.wording import is_correction

Section = tuple[str, list[str]]

_ROUTE: Final = re.compile(r'@route\(\s*"([A-Z]+)",\s*"([^"]+)"')


def emulated(folder: Path) -> set[Place] | None:
    """Return the operations that the emulator's source in `folder` implements; `None` if there is none."""
    if not folder.is_dir():
        return None
    found = (match for path in folder.rglob("*.py") for match in _ROUTE.findall(path.read_text("utf-8")))
    return {(method.lower(), bare(path)) for method, path in found}


def sections(old: Json, new: Json, provisional: Mapping[str, str], performed: set[Place] | None) -> list[Section]:
    """Return the work to do after an import that turned `old` into `new`: titles, with one line per item.

    Args:
        provisional: generated names for shapes that split, each with its former name.
        performed: the operations that the emulator implements.
    """
    return [(title, lines) for title, lines in _Import(old, new, provisional, performed).sections() if lines]


class _Import:
    def __init__(self, old: Json, new: Json, provisional: Mapping[str, str], performed: set[Place] | None) -> None:
        self._old, self._new = old, new
        self._provisional, self._performed = provisional, performed
        self._before = {(method, bare(path)): operation for (method, path), operation in operations(old)}
        self._after = dict(operations(new))
        self._components: Json = new["components"]["schemas"]
        self._known: Json = old.get("components", {}).get("schemas", {})
        self._changes = compare(old, new)
        self._documented = {
            naming.text(place)
            for place, operation in self._after.items()
            if "x-ours" in self._stood(place) and "x-ours" not in operation
        }
        self._come = [place for place in self._after if not self._stood(place)]

    def sections(self) -> Iterator[Section]:
        decided = [change for change in self._changes if self._documented & set(change.operations)]
        whole = [change for change in self._changes if not change.place and change.fact.kind in ("added", "removed")]
        yield "Added and removed", [_line(change) for change in whole]
        yield "Changed", [_line(change) for change in self._changes if change not in [*decided, *whole]]
        taken_over = [f"{subject}: documented now, no longer ours" for subject in sorted(self._documented)]
        yield "Decide: the documents describe what was ours", [*taken_over, *map(_line, decided), *self._fields_taken()]
        yield "Word", list(self._unworded())
        yield "Name: these names are made up", list(self._made_up())
        yield "Give a method of a resource (`x-methods`)", list(self._without_method())
        yield "Tell apart or make one", list(self._look_alikes())
        yield "Events and errors", list(self._events_and_errors())
        yield "Emulate", list(self._not_emulated())
        yield "Stays ours", list(self._ours())

    def _stood(self, place: Place) -> Json:
        return self._before.get((place[0], bare(place[1])), {})

    def _fields_taken(self) -> Iterator[str]:
        """Return differences of single fields that were ours and are documented now."""
        for name in sorted(self._known.keys() & self._components.keys()):
            before, after = self._known[name], self._components[name]
            for key, field in before.get("properties", {}).items():
                now = after.get("properties", {}).get(key, {})
                if field.get("x-ours") is not True or "x-ours" in now or not now:
                    continue
                pair = Comparison(Reader(self._old, None), Reader(self._new, None), "received")
                was, needed = (key in node.get("required", ()) for node in (before, after))
                pair.field(field, now, Where(f"{name}.{key}"), was=was, needed=needed)
                found = [f"{each.place.outer}: {each.fact.text}" for each in pair.differences()]
                yield from found or [f"{name}.{key}: documented now, no longer ours"]

    def _unworded(self) -> Iterator[str]:
        for place in self._come:
            operation = self._after[place]
            lacking = ["summary"] * (operation["summary"] == naming.summary(place, operation["operationId"]))
            lacking += [p["name"] for p in operation.get("parameters", ()) if "description" not in p]
            if lacking:
                yield f"{naming.text(place)}: {', '.join(lacking)}"
        for place, operation in self._after.items():
            if stood := self._stood(place):
                known = {(p["in"], p["name"]) for p in stood.get("parameters", ())}
                new = [p for p in operation.get("parameters", ()) if (p["in"], p["name"]) not in known]
                if lacking := [p["name"] for p in new if "description" not in p]:
                    yield f"{naming.text(place)}: {', '.join(lacking)}"
        for name, component in sorted(self._components.items()):
            if _is_event(component):
                continue
            known_fields = self._known.get(name, {}).get("properties", {})
            fields = component.get("properties", {})
            if lacking := [f for f in fields if f not in known_fields and "description" not in fields[f]]:
                yield f"{name}: {', '.join(lacking)}"

    def _made_up(self) -> Iterator[str]:
        for place in self._come:
            if place[0] != WEBHOOK and naming.text(place) not in self._new.get("x-names", {}):
                yield f"{self._after[place]['operationId']}: {naming.text(place)}"
        decided = set(self._new.get("x-names", {}).values())
        for name in sorted(self._components.keys() - self._known.keys() - decided):
            split = f", split from {self._provisional[name]}" if name in self._provisional else ""
            yield f"{name}: {self._used_in(name)}{split}"

    def _used_in(self, name: str) -> str:
        holding = {name}
        while more := {n for n, node in self._components.items() if holding & set(references(node))} - holding:
            holding |= more
        users = [naming.text(place) for place, node in self._after.items() if holding & set(references(node))]
        return f"{users[0]} and {len(users) - 1} more" if len(users) > 1 else next(iter(users), "nowhere")

    def _without_method(self) -> Iterator[str]:
        by_tag: dict[str, Counter[str]] = {}
        for operation in self._after.values():
            for method in operation.get("x-methods", ()):
                name = method if isinstance(method, str) else method["method"]
                by_tag.setdefault(operation["tags"][0], Counter())[name.rpartition(".")[0]] += 1
        for place in self._come:
            operation = self._after[place]
            if place[0] != WEBHOOK and "x-methods" not in operation:
                tag = operation["tags"][0]
                resource = by_tag[tag].most_common(1)[0][0] if tag in by_tag else tag
                yield f"{naming.text(place)}: perhaps of `{resource}`"

    def _look_alikes(self) -> Iterator[str]:
        for name in sorted(self._components.keys() - self._known.keys()):
            fields = self._components[name].get("properties", {})
            alike = [
                other
                for other, component in self._components.items()
                if component.get("properties", {}).keys() == fields.keys() and other != name
            ]
            if fields and alike and not _is_event(self._components[name]):
                yield f"{name} has the fields of {', '.join(sorted(alike))}"

    def _events_and_errors(self) -> Iterator[str]:
        for method, path in self._come:
            if method == WEBHOOK:
                yield f"{path}: a new event; name it in the guide to webhooks"
        for place in self._come:
            if place[0] != WEBHOOK:
                yield f"{naming.text(place)}: the documents name no errors; spec/errors.yaml must know its codes"

    def _not_emulated(self) -> Iterator[str]:
        for place, operation in self._after.items():
            if self._performed is None or "x-ours" in operation or place[0] == WEBHOOK:
                continue
            is_new = not self._stood(place) or naming.text(place) in self._documented
            if is_new and (place[0], bare(place[1])) not in self._performed:
                yield f"{naming.text(place)}: the emulator does not answer it"

    def _ours(self) -> Iterator[str]:
        """Return deliberate deviations from the documents, with the reason, then undocumented parts."""
        for place, operation in self._after.items():
            parts = [("", operation), (" body", operation.get("requestBody", {}))]
            parts += [(f" response {status}", response) for status, response in operation["responses"].items()]
            parts += [(f" {p['in']}.{p['name']}", p) for p in operation.get("parameters", ())]
            for what, node in parts:
                if is_correction(node):
                    yield f"{naming.text(place)}{what}: {node['x-ours']}"
        for name, component in self._components.items():
            fields = component.get("properties", {}).items()
            for what, node in [("", component), *((f".{key}", field) for key, field in fields)]:
                if is_correction(node):
                    yield f"{name}{what}: {node['x-ours']}"
        if count := sum(operation.get("x-ours") is True for operation in self._after.values()):
            yield f"{count} operations and events that no document describes"
        if names := [
            f"{name}.{key}"
            for name, component in self._components.items()
            for key, field in component.get("properties", {}).items()
            if field.get("x-ours") is True
        ]:
            yield f"fields that no document describes: {', '.join(names)}"


def _is_event(component: Json) -> bool:
    """Return true for the envelope of an event, whose fields are self-explanatory."""
    return "const" in component.get("properties", {}).get("type", {})


def _line(change: Change) -> str:
    verdict = "BREAKING  " if change.fact.breaking else ""
    place = " ".join(filter(None, (change.subject, change.place)))
    access = f" [{', '.join(change.access)}]" if change.access else ""
    return f"{verdict}{place}: {change.fact.text}{access}"

"""Differences between two versions of an operation or an event, as seen by one access type."""

import json
import re
from collections.abc import Iterator
from typing import Final

import attrs

from generator.comparing.compatibility import Comparison, Difference, Place, deprecation
from generator.comparing.shapes import Node, Reader
from generator.description import METHODS, WEBHOOK, Json, bare

_HERE: Final = Place("")


@attrs.frozen
class Call:
    """An operation or an event of a description."""

    subject: str
    """`POST /users`, or `webhook user.created`."""
    node: Node
    arguments: tuple[str, ...] = ()
    """The names of the path parameters, in order."""
    parameters: tuple[Node, ...] = ()
    access: tuple[str | None, ...] = (None,)

    def name(self, access: str | None) -> str:
        """The name of the function rendered for an access type."""
        name: str = self.node.get("x-access-names", {}).get(access, self.node["operationId"])
        return name


def calls(document: Json) -> dict[tuple[str, str], Call]:
    """Return the operations and events of a description, keyed so that renaming a path parameter keeps the key."""
    found = {}
    resolve = Reader(document, None).resolve
    for path, item in document.get("paths", {}).items():
        for method in (method for method in METHODS if method in item):
            node = item[method]
            parameters = map(resolve, [*item.get("parameters", ()), *node.get("parameters", ())])
            # An operation's own parameter overrides the one declared for its path.
            own = {(parameter["in"], parameter["name"]): parameter for parameter in parameters}
            arguments = tuple(re.findall(r"\{([^}]*)\}", path))
            access = tuple(node["x-access"])
            found[method, bare(path)] = Call(f"{method.upper()} {path}", node, arguments, tuple(own.values()), access)
    for event, item in document.get("webhooks", {}).items():
        found[WEBHOOK, event] = Call(f"{WEBHOOK} {event}", item["post"])
    return found


def differences(old: Call | None, new: Call | None, before: Reader, after: Reader) -> Iterator[Difference]:
    """Return the changes for the access type of the two readers; `None` means that a description lacks the call."""
    was, is_there = old and before.access in old.access, new and after.access in new.access
    pair = _Pair(before, after)
    if old and new and was and is_there:
        pair.compare(old, new)
    elif was:
        kind, text = ("removed", "removed") if new is None else ("access-removed", "may no longer be called")
        pair.sent.say(_HERE, kind, text, sent=True)
    elif is_there:
        pair.sent.say(_HERE, *(("added", "added") if old is None else ("access-added", "may be called now")))
    yield from pair.sent.differences()
    yield from pair.received.differences()


class _Pair:
    def __init__(self, old: Reader, new: Reader) -> None:
        self.old, self.new = old, new
        self.sent = Comparison(old, new, "sent")
        self.received = Comparison(old, new, "received")

    def compare(self, old: Call, new: Call) -> None:
        before, after = (
            reader.resolve(call.node.get("requestBody", {})) for reader, call in ((self.old, old), (self.new, new))
        )
        if self.old.access is None:
            _contents(self.received, before.get("content", {}), after.get("content", {}), Place("body"))
            return
        self._names(old, new)
        self._behaviour(old.node, new.node)
        self._parameters(old, new)
        self._bodies(before, after)
        self._responses(old.node.get("responses", {}), new.node.get("responses", {}))

    def _names(self, old: Call, new: Call) -> None:
        self._renamed(old.name(self.old.access), new.name(self.new.access), _HERE)
        for was, now in zip(old.arguments, new.arguments, strict=True):
            self._renamed(was, now, Place(f"path.{now}"))
        tags = [call.node.get("tags", ["none"])[0] for call in (old, new)]
        if tags[0] != tags[1]:
            self.sent.say(_HERE, "moved", f"moved from {tags[0]} to {tags[1]}", sent=True, affects="python")

    def _renamed(self, old: str, new: str, place: Place) -> None:
        if old != new:
            self.sent.say(place, "renamed", f"{old} is called {new} now", sent=True, affects="python")

    def _behaviour(self, old: Node, new: Node) -> None:
        needed = [set(node.get("x-needs", ())) for node in (old, new)]
        used = [set(node.get("x-uses", ())) | needs for node, needs in zip((old, new), needed, strict=True)]
        for name in sorted(needed[1] - needed[0]):
            self.sent.say(_HERE, "need-added", f"needs {name} now", sent=True)
        for name in sorted(needed[0] - needed[1]):
            self.sent.say(_HERE, "need-removed", f"no longer needs {name}")
        for name in sorted(used[1] - used[0] - needed[1]):
            self.sent.say(_HERE, "use-added", f"uses {name} now")
        for name in sorted(used[0] - used[1] - needed[0]):
            self.sent.say(_HERE, "use-removed", f"no longer uses {name}")
        if bool(old.get("x-idempotent")) != bool(new.get("x-idempotent")):
            gained = new.get("x-idempotent")
            self.sent.say(
                _HERE,
                *(("idempotent", "may be repeated now") if gained else ("not-idempotent", "may not be repeated now")),
            )
        if bool(old.get("deprecated")) != bool(new.get("deprecated")):
            self.sent.say(_HERE, *deprecation(new))

    def _parameters(self, old: Call, new: Call) -> None:
        before, after = _visible(old, self.old), _visible(new, self.new)
        for key in sorted(before.keys() | after.keys()):
            was, now = before.get(key), after.get(key)
            if was and now:
                self._parameter(was, now, Place(f"{now['in']}.{now['name']}"))
            elif was:
                self.sent.say(Place(f"{was['in']}.{was['name']}"), "removed", "removed", sent=True)
            elif now:
                required = bool(now.get("required"))
                text = self.sent.addition(_schema(now), needed=required)
                self.sent.say(Place(f"{now['in']}.{now['name']}"), "added", text, sent=required)

    def _parameter(self, old: Node, new: Node, place: Place) -> None:
        needed = [bool(node.get("required")) for node in (old, new)]
        self.sent.field(_schema(old), _schema(new), place, was=needed[0], needed=needed[1])
        if bool(old.get("deprecated")) != bool(new.get("deprecated")):
            self.sent.say(place, *deprecation(new))
        styles = [
            json.dumps({word: node[word] for word in ("style", "explode") if word in node}) for node in (old, new)
        ]
        if styles[0] != styles[1]:
            self.sent.say(place, "style-changed", f"{styles[0]} → {styles[1]}", sent=True)

    def _bodies(self, old: Node, new: Node) -> None:
        place = Place("body")
        if old and new:
            needed = [bool(body.get("required")) for body in (old, new)]
            if needed[1] and not needed[0]:
                self.sent.say(place, "became-required", "is required now", sent=True)
            elif needed[0] and not needed[1]:
                self.sent.say(place, "became-optional", "is optional now")
            _contents(self.sent, old["content"], new["content"], place)
        elif old:
            self.sent.say(place, "removed", "removed", sent=True)
        elif new:
            shape = self.new.shape(_first_schema(new["content"]))
            needs = shape.node.get("required", ())
            fields = [
                f"{name}{' (required)' if name in needs else ''}" for name in sorted(shape.node.get("properties", ()))
            ]
            demands = bool(new.get("required")) and (shape.kind != "record" or bool(needs))
            self.sent.say(place, "added", f"added: {', '.join(fields) or shape}", sent=demands)

    def _responses(self, old: Node, new: Node) -> None:
        before, after = _results(old, self.old), _results(new, self.new)
        pairs = {status: status for status in before if status in after}
        gone, come = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
        if len(gone) == len(come) == 1:
            # A caller gets the value of any successful reply, so a different success status is not breaking.
            self.received.say(Place("response"), "status-changed", f"{gone[0]} → {come[0]}")
            pairs[gone.pop()] = come.pop()
        for was, now in sorted(pairs.items()):
            _contents(self.received, before[was], after[now], Place(f"response {now}"))
        for status in gone:
            self.received.say(Place(f"response {status}"), "removed", "removed")
        for status in come:
            what = str(self.new.shape(_first_schema(after[status]))) if after[status] else "without a body"
            self.received.say(Place(f"response {status}"), "added", f"added: {what}", received=True)


def _contents(comparison: Comparison, old: Node, new: Node, place: Place) -> None:
    """Compare bodies by media type."""
    common = sorted(old.keys() & new.keys())
    for media in common:
        comparison.schemas(old[media].get("schema", {}), new[media].get("schema", {}), place)
    if old and new and not common:
        text = f"{', '.join(sorted(old))} → {', '.join(sorted(new))}"
        comparison.say(place, "media-type-changed", text, sent=True, received=True)
        comparison.schemas(_first_schema(old), _first_schema(new), place)
    elif old and new:
        for media in sorted(old.keys() - new.keys()):
            comparison.say(place, "media-type-removed", f"no longer {media}", sent=True)
        for media in sorted(new.keys() - old.keys()):
            comparison.say(place, "media-type-added", f"also {media}")
    elif old:
        comparison.say(place, "content-removed", "has no body any more", sent=True, received=True)
    elif new:
        comparison.say(place, "content-added", f"has a body now: {comparison.new.shape(_first_schema(new))}")


def _results(responses: Node, reader: Reader) -> dict[str, Node]:
    """Return the schemas of successful replies, by status."""
    return {
        status: reader.resolve(response).get("content", {})
        for status, response in responses.items()
        if status.startswith("2")
    }


def _first_schema(content: Node) -> Node:
    media: Node = next(iter(content.values()), {})
    schema: Node = media.get("schema", {})
    return schema


def _schema(parameter: Node) -> Node:
    schema: Node = parameter["schema"] if "schema" in parameter else _first_schema(parameter.get("content", {}))
    return schema


def _visible(call: Call, reader: Reader) -> dict[tuple[str, str], Node]:
    """Return the parameters visible to an access type; path parameters are keyed by position, whatever their name."""
    visible = {}
    for node in call.parameters:
        if reader.access in node.get("x-access", call.access):
            name: str = node["name"]
            in_path = node["in"] == "path" and name in call.arguments
            visible[node["in"], str(call.arguments.index(name)) if in_path else name] = node
    return visible

"""Generated releases: documents, and random edits with the changes that a report must contain."""

import copy
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, TypeAlias

import attrs

from tests.generator.importing import STRING, Json, document, events, operation, page, parameter, path_parameter, record

Documents: TypeAlias = dict[str, Json]
Fact: TypeAlias = tuple[str, str, str, bool]
"""Operation or event, name of the field or parameter, kind of the change, whether it breaks."""

AUDIENCES = ("client", "server", "admin")
INTEGER: Json = {"type": "integer"}
NULLABLE: Json = {"type": ["string", "null"]}

_OWNER = record(("id", "email"), id=STRING, email=STRING, nickname=STRING)
_TEAM = record(
    ("id", "display_name", "kind", "owner", "size"),
    id=STRING,
    display_name=STRING,
    kind={"type": "string", "enum": ["club", "firm", "crew"]},
    owner=_OWNER,
    size=INTEGER,
    motto=NULLABLE,
    colour=STRING,
)
_BODY = record(
    ("display_name",),
    display_name=STRING,
    kind={"type": "string", "enum": ["club", "firm", "crew"]},
    colour=STRING,
    size=INTEGER,
)
_SUCCESS = record(success={"type": "boolean"}, code=STRING, reason=STRING)


def base() -> Documents:
    """Return a release with shapes used in several places, and operations limited to some access types."""
    one = path_parameter("team_id")
    paths = {
        "/teams": {
            "get": operation(page(_TEAM), None, "200", parameter("owner_id"), parameter("colour")),
            "post": operation(_TEAM, _BODY, "201"),
        },
        "/teams/{team_id}": {
            "get": operation(_TEAM, None, "200", one),
            "patch": operation(_TEAM, _BODY, "200", one),
            "delete": operation(_SUCCESS, None, "200", one, parameter("force")),
        },
        "/teams/{team_id}/members": {"get": operation(page(_OWNER), None, "200", one)},
        "/codes/send": {"post": operation(_SUCCESS, record(("email",), email=STRING, hint=STRING, size=INTEGER))},
        "/codes/check": {"post": operation(_SUCCESS, record(("email",), email=STRING, hint=STRING, size=INTEGER))},
    }
    made = {"client": document(**paths), "server": document(**paths)}
    made["server"]["paths"]["/keys"] = {"get": operation(page(record(id=STRING, hint=STRING, colour=STRING)))}
    made["admin"] = copy.deepcopy(made["server"])
    made["webhooks"] = events(**{"team.made": _TEAM, "team.gone": record(id=STRING, reason=STRING, colour=STRING)})
    # Not `deepcopy`, which preserves sharing: one edit must not affect two places.
    whole: Documents = json.loads(json.dumps(made))
    return whole


@attrs.frozen
class Edited:
    """A release, and the exact report expected for it on the wire."""

    documents: Documents
    facts: set[Fact]
    what: tuple[str, ...]


def edited(documents: Documents, random: Random, count: int) -> Edited:
    """Return `documents` after some edits, each of another operation or event."""
    editor = _Editor(copy.deepcopy(documents), random)
    while len(editor.what) < count:
        random.choice(EDITS)(editor)
    return Edited(editor.documents, editor.facts, tuple(editor.what))


@attrs.define
class _Editor:
    documents: Documents
    random: Random
    facts: set[Fact] = attrs.field(factory=set)
    what: list[str] = attrs.field(factory=list)
    touched: set[str] = attrs.field(factory=set)

    def did(self, what: str, *facts: Fact) -> None:
        self.what.append(what)
        self.facts.update(facts)
        self.touched.update(fact[0] for fact in facts)

    def operations(self) -> Iterator[tuple[str, str, str, list[str]]]:
        """Yield subject, path, method and audiences of operations not edited yet."""
        found: dict[tuple[str, str], list[str]] = {}
        for audience in AUDIENCES:
            for path, item in self.documents[audience]["paths"].items():
                for method in item:
                    found.setdefault((path, method), []).append(audience)
        for (path, method), audiences in found.items():
            if (subject := f"{method.upper()} {path}") not in self.touched:
                yield subject, path, method, audiences

    def operation(self) -> tuple[str, str, str, list[str]]:
        return self.random.choice([*self.operations()] or [("", "", "", [])])

    def node(self, audience: str, path: str, method: str) -> Json:
        return self.documents[audience]["paths"][path][method]


def remove_operation(editor: _Editor) -> None:
    subject, path, method, audiences = editor.operation()
    if subject and len([*editor.operations()]) > 4:
        for audience in audiences:
            del editor.documents[audience]["paths"][path][method]
        editor.did(f"removed {subject}", (subject, "", "removed", True))


def add_operation(editor: _Editor) -> None:
    path = f"/things-{len(editor.what)}"
    for audience in editor.random.sample(AUDIENCES, editor.random.randint(1, 3)):
        shape = editor.random.choice([_TEAM, record(id=STRING, a=STRING), page(_OWNER)])
        editor.documents[audience]["paths"][path] = {"get": operation(copy.deepcopy(shape))}
    editor.did(f"added GET {path}", (f"GET {path}", "", "added", False))


def rename_operation(editor: _Editor) -> None:
    subject, path, method, audiences = editor.operation()
    if subject:
        for audience in audiences:
            item = editor.documents[audience]["paths"]
            item[f"{path}/renamed"] = {method: item[path].pop(method)}
        new = f"{subject}/renamed"
        editor.did(f"renamed {subject}", (subject, "", "removed", True), (new, "", "added", False))


def change_access(editor: _Editor) -> None:
    subject, path, method, audiences = editor.operation()
    if subject and (others := [audience for audience in AUDIENCES if audience not in audiences]):
        made = copy.deepcopy(editor.node(audiences[0], path, method))
        editor.documents[others[0]]["paths"].setdefault(path, {})[method] = made
        editor.did(f"{others[0]} may {subject}", (subject, "", "access-added", False))
    elif subject and len(audiences) > 1:
        del editor.documents[audiences[0]]["paths"][path][method]
        editor.did(f"{audiences[0]} may not {subject}", (subject, "", "access-removed", True))


def change_parameters(editor: _Editor) -> None:
    subject, path, method, audiences = editor.operation()
    if not subject:
        return
    nodes = [editor.node(audience, path, method) for audience in audiences]
    names = [p["name"] for p in nodes[0]["parameters"] if p["in"] == "query"]
    match editor.random.randrange(4):
        case 0:
            needed = editor.random.random() < 0.5
            for node in nodes:
                node["parameters"].append(parameter("added", required=needed))
            editor.did(f"parameter added to {subject}", (subject, "added", "added", needed))
        case 1 if names:
            for node in nodes:
                node["parameters"] = [p for p in node["parameters"] if p["name"] != names[0]]
            editor.did(f"parameter removed from {subject}", (subject, names[0], "removed", True))
        case 2 if names:
            for node in nodes:
                next(p for p in node["parameters"] if p["name"] == names[0])["required"] = True
            editor.did(f"parameter of {subject} required", (subject, names[0], "became-required", True))
        case 3 if names and "requestBody" not in nodes[0]:
            for node in nodes:
                node["parameters"] = [p for p in node["parameters"] if p["name"] != names[0]]
                content = {"application/json": {"schema": record((), **{names[0]: STRING})}}
                node["requestBody"] = {"required": False, "content": content}
            facts = (subject, names[0], "removed", True), (subject, "body", "added", False)
            editor.did(f"parameter of {subject} moved to the body", *facts)


def change_reply(editor: _Editor) -> None:
    subject, path, method, audiences = editor.operation()
    if subject:
        some = audiences if editor.random.random() < 0.7 else [editor.random.choice(audiences)]
        nodes = [next(iter(editor.node(audience, path, method)["responses"].values())) for audience in some]
        _change_fields(editor, subject, [_schema(node) for node in nodes], received=True)


def change_body(editor: _Editor) -> None:
    subject, path, method, audiences = editor.operation()
    if subject and "requestBody" in editor.node(audiences[0], path, method):
        some = audiences if editor.random.random() < 0.7 else [editor.random.choice(audiences)]
        nodes = [editor.node(audience, path, method)["requestBody"] for audience in some]
        _change_fields(editor, subject, [_schema(node) for node in nodes], received=False)


def change_event(editor: _Editor) -> None:
    made = editor.documents["webhooks"]["webhooks"]
    names = [name for name in made if f"webhook {name}" not in editor.touched]
    match editor.random.randrange(3):
        case 0:
            name = f"thing.made{len(editor.what)}"
            made |= events(**{name: editor.random.choice([_TEAM, record(id=STRING)])})["webhooks"]
            editor.did(f"event {name} added", (f"webhook {name}", "", "added", False))
        case 1 if len(names) > 1:
            del made[names[0]]
            editor.did(f"event {names[0]} removed", (f"webhook {names[0]}", "", "removed", True))
        case 2 if names:
            data = _schema(made[names[-1]]["post"]["requestBody"])["properties"]["data"]
            _change_fields(editor, f"webhook {names[-1]}", [data], received=True)


EDITS: tuple[Callable[[_Editor], None], ...] = (
    *(remove_operation, add_operation, rename_operation, change_access, change_parameters, change_event),
    *(change_reply, change_reply, change_reply, change_reply, change_body, change_body, change_body),
)


def _change_fields(editor: _Editor, subject: str, schemas: list[Json], *, received: bool) -> None:
    """Edit one field, in the same way in all of `schemas`."""
    random = editor.random
    way = random.choice([*_objects(schemas[0])])
    owners = [_at(schema, way) for schema in schemas]
    fields, needed = owners[0]["properties"], owners[0].get("required", [])
    plain = [name for name, field in fields.items() if field.get("type") == "string" and "enum" not in field]
    optional = [name for name in plain if name not in needed]
    promised = [name for name in plain if name in needed]
    which = random.choice([0, 1, 4, 5, *[2] * bool(optional), *[3] * bool(promised), *[6, 7] * ("kind" in fields)])
    name = random.choice({2: optional, 3: promised}.get(which, plain))
    is_needed = name in needed

    def done(what: str, kind: str, breaking: bool, field: str = name) -> None:
        editor.did(f"{what} {field} of {subject}", (subject, field, kind, breaking))

    match which:
        case 0:
            demanded = random.random() < 0.5
            for owner in owners:
                owner["properties"]["added"] = copy.deepcopy(STRING)
                owner["required"] = [*owner.get("required", []), *(["added"] if demanded else [])]
            done("added", "added", demanded and not received, "added")
        case 1:
            for owner in owners:
                del owner["properties"][name]
                owner["required"] = [each for each in owner.get("required", []) if each != name]
            done("removed", "removed", True)
        case 2:
            for owner in owners:
                owner["required"] = [*owner.get("required", []), name]
            done("required", "became-required", not received)
        case 3:
            for owner in owners:
                owner["required"] = [each for each in owner["required"] if each != name]
            done("no longer required", "became-optional", received)
        case 4:
            for owner in owners:
                owner["properties"][name] = {"type": ["string", "null"]}
            if not received:
                done("nullable", "became-nullable", False)
            elif is_needed:
                done("nullable", "became-optional", True)
            else:
                done("nullable", "absence-changed", False)
        case 5:
            for owner in owners:
                owner["properties"][name] = {"type": "boolean"}
            done("type of", "retyped", True)
        case _:
            grows = which == 6
            for owner in owners:
                owner["properties"]["kind"]["enum"] = ["club", "firm", "crew", "gang"] if grows else ["club", "firm"]
            breaks = not grows and not received
            done("value of", "values-added" if grows else "values-removed", breaks, "kind")


def _objects(schema: Json, way: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths to the objects in a schema that have a plain field."""
    fields = schema.get("properties", {})
    if (
        any(field.get("type") == "string" and "enum" not in field for field in fields.values())
        and "next_cursor" not in fields
    ):
        yield way
    for name, field in fields.items():
        yield from _objects(field, (*way, "properties", name))
    if "items" in schema:
        yield from _objects(schema["items"], (*way, "items"))


def _at(schema: Any, way: tuple[str, ...]) -> Json:
    for step in way:
        schema = schema[step]
    return schema


def _schema(node: Json) -> Json:
    return node["content"]["application/json"]["schema"]

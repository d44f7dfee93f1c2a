"""Reader for the published documents, one per audience and one for the webhooks; unknown constructs are errors.

The result contains facts only: upstream's wording, examples and addresses are dropped here.
"""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from generator.description import AUDIENCES, CREDENTIALS, METHODS, WEBHOOK, DescriptionError, Json, bare
from generator.importing.uniting import alternatives, extended

FILES = {name: f"{name}.json" for name in (*AUDIENCES, "webhooks")}
_OTHER_HEADERS = frozenset(
    {"project-id", "branch-id", "access-type", "secret-server-key", "super-secret-admin-key", "admin-access-token"}
)

Place = tuple[str, str]
"""Method in lower case and path."""
View = dict[Place, Json]
"""The operations that one audience may call."""

_WORDING = frozenset({"summary", "description", "title", "example", "examples", "externalDocs", "x-full-url"})
_OPERATION = _WORDING | {"tags", "operationId", "parameters", "requestBody", "responses", "deprecated"}
_PARAMETER = _WORDING | {"name", "in", "required", "schema", "deprecated", "style", "explode"}
_TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf"})
_LIMITS = frozenset({"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "uniqueItems"})
_SCHEMA = (
    _WORDING | _LISTS | _LIMITS
    | {"type", "properties", "required", "items", "additionalProperties", "enum", "const", "default", "format", "$ref"}
)  # fmt: skip


def read(folder: Path) -> dict[str, View]:
    """Read the documents in `folder`, by audience; missing files give missing keys.

    Raises:
        DescriptionError: there is no document, or one is not JSON, not OpenAPI, or contains an unknown construct.
    """
    if not folder.is_dir():
        raise DescriptionError(f"{folder}: not a folder; expected some of {' '.join(FILES.values())}")
    found = {audience: folder / name for audience, name in FILES.items() if (folder / name).exists()}
    if not found:
        others = sorted(path.name for path in folder.glob("*.json"))
        merged = f"; {others[0]} does not say which access type may call what" if others else ""
        raise DescriptionError(f"{folder}: none of {' '.join(FILES.values())} found{merged}")
    seen: dict[str, str] = {}
    return {audience: _Document(path, seen).view(audience) for audience, path in found.items()}


def header(name: str) -> str:
    """Return a header's name without the prefix, which the rebranding changed: `refresh-token`."""
    return re.sub(r"^x-(stack|hexclave)-", "", name.lower())


class _Document:
    def __init__(self, path: Path, seen: dict[str, str]) -> None:
        self._path = path
        self._seen = seen
        try:
            self._root = json.loads(
                path.read_bytes().decode("utf-8"), object_pairs_hook=_no_duplicate_keys, parse_constant=_no_constant
            )
        except OSError as error:
            raise DescriptionError(f"{path}: cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise DescriptionError(f"{path}: not JSON: {error}") from None
        except RecursionError:
            raise DescriptionError(f"{path}: nested too deeply") from None

    def view(self, audience: str) -> View:
        root = self._mapping(self._root, "")
        version = root.get("openapi")
        if not isinstance(version, str) or not version.startswith("3."):
            self._refuse("/openapi", "not an OpenAPI 3 document")
        other, file = ("paths", "client.json") if audience == "webhooks" else ("webhooks", "webhooks.json")
        if root.get(other):
            self._refuse(f"/{other}", f"one document for everything is not understood; {other} belong in {file}")
        try:
            return dict(self._events(root) if audience == "webhooks" else self._operations(root))
        except RecursionError:
            raise DescriptionError(f"{self._path}: nested too deeply") from None

    def _operations(self, root: Json) -> Iterator[tuple[Place, Json]]:
        for path, item in self._mapping(root.get("paths"), "/paths").items():
            at = f"/paths/{_escape(path)}"
            if not re.fullmatch(r"/|(/([\w.~@:-]+|\{[A-Za-z_]\w*\}))+", path):
                self._refuse(at, "not a path like /users/{user_id}")
            other = self._seen.setdefault(bare(path), path)
            if other != path:
                self._refuse(at, f"conflicts with {other}: the same path with other parameter names")
            for method, operation in self._mapping(item, at).items():
                if method not in METHODS:
                    self._refuse(f"{at}/{_escape(method)}", "not an HTTP method")
                yield (method, path), self._operation(operation, f"{at}/{method}", path)

    def _events(self, root: Json) -> Iterator[tuple[Place, Json]]:
        for name, item in self._mapping(root.get("webhooks"), "/webhooks").items():
            at = f"/webhooks/{_escape(name)}"
            if list(self._mapping(item, at)) != ["post"]:
                self._refuse(at, "an event should have exactly one `post`")
            yield (WEBHOOK, name), self._operation(item["post"], f"{at}/post", "")

    def _operation(self, node: Any, at: str, path: str) -> Json:
        node = self._known(node, at, _OPERATION)
        parameters = [
            self._parameter(parameter, f"{at}/parameters/{index}")
            for index, parameter in enumerate(self._list(node.get("parameters", []), f"{at}/parameters"))
        ]
        declared = [parameter["name"] for parameter in parameters if parameter["in"] == "path"]
        if sorted(declared) != sorted(re.findall(r"\{(\w+)\}", path)):
            self._refuse(f"{at}/parameters", f"the path has other parameters than those declared: {declared}")
        operation: Json = {"parameters": parameters, "responses": {}}
        if node.get("deprecated"):
            operation["deprecated"] = True
        if "requestBody" in node:
            where = f"{at}/requestBody"
            body = self._known(node["requestBody"], where, _WORDING | {"required", "content"})
            operation["requestBody"] = {"required": body.get("required") is True, "content": self._content(body, where)}
        responses = self._mapping(node.get("responses"), f"{at}/responses")
        for status, response in responses.items():
            where = f"{at}/responses/{_escape(status)}"
            if not re.fullmatch(r"[1-5]\d\d", status):
                self._refuse(where, "not an HTTP status")
            response = self._known(response, where, _WORDING | {"content", "headers"})
            operation["responses"][status] = {"content": self._content(response, where)}
        if not responses:
            self._refuse(f"{at}/responses", "an operation without a reply")
        return operation

    def _parameter(self, node: Any, at: str) -> Json:
        node = self._known(node, at, _PARAMETER)
        if not isinstance(node.get("name"), str) or node.get("in") not in ("path", "query", "header"):
            self._refuse(at, "a parameter needs a `name` and `in: path | query | header`")
        if node["in"] == "header" and header(node["name"]) not in CREDENTIALS.keys() | _OTHER_HEADERS:
            self._refuse(at, f"a header that does not belong to authentication: {node['name']}")
        return {
            "name": node["name"],
            "in": node["in"],
            "required": node.get("required") is True,
            "schema": self._schema(node.get("schema"), f"{at}/schema", ()),
        }

    def _content(self, node: Json, at: str) -> Json:
        content = {}
        for media, value in self._mapping(node.get("content", {}), f"{at}/content").items():
            where = f"{at}/content/{_escape(media)}"
            if media not in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
                self._refuse(where, "an unknown media type")
            value = self._known(value, where, _WORDING | {"schema"})
            if "schema" not in value:
                self._refuse(where, "a media type without a `schema`")
            content[media] = {"schema": self._schema(value["schema"], f"{where}/schema", ())}
        return content

    def _schema(self, node: Any, at: str, through: tuple[str, ...], *, is_part: bool = False) -> Json:
        node = self._known(node, at, _SCHEMA)
        if "$ref" in node:
            return self._referred(node["$ref"], f"{at}/$ref", through)
        schema: Json = {}
        for key, value in node.items():
            where = f"{at}/{_escape(key)}"
            if key == "properties":
                fields = self._mapping(value, where)
                schema[key] = {
                    name: self._schema(field, f"{where}/{_escape(name)}", through) for name, field in fields.items()
                }
            elif key == "items" or (key == "additionalProperties" and not isinstance(value, bool)):
                schema[key] = self._schema(value, where, through)
            elif key in _LISTS:
                schema[key] = [
                    self._schema(item, f"{where}/{i}", through, is_part=key == "allOf")
                    for i, item in enumerate(self._list(value, where))
                ]
            elif key == "type":
                schema[key] = self._type(value, where)
            elif key in ("enum", "required"):
                schema[key] = copy.deepcopy(self._list(value, where))
            elif key not in _WORDING:
                schema[key] = copy.deepcopy(value)
        if not all(isinstance(name, str) for name in schema.get("required", [])):
            self._refuse(f"{at}/required", "expected a list of names")
        schema = self._united(schema, at)
        missing = [name for name in schema.get("required", []) if name not in schema.get("properties", {})]
        if missing and not is_part:
            self._refuse(f"{at}/required", f"names a field that is not there: {missing[0]}")
        return schema

    def _united(self, schema: Json, at: str) -> Json:
        """Return `schema` with `allOf` merged and a choice between objects merged, as no single type could be rendered
        for it.
        """
        if "allOf" in schema:
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            parts = [*schema["allOf"], *([rest] if rest else [])]
            several = len(parts) > 1
            if several and not all(_is_object(part) for part in parts):
                self._refuse(f"{at}/allOf", "only objects with fields can be merged")
            try:
                schema = extended(parts) if several else parts[0]
            except ValueError as error:
                self._refuse(f"{at}/allOf", str(error))
        for key in ("anyOf", "oneOf"):
            options = [option for option in schema.get(key, []) if option != {"type": "null"}]
            objects = [option for option in options if option.get("properties")]
            if len(objects) < 2:
                continue
            if len(objects) < len(options):
                self._refuse(f"{at}/{key}", "a choice between objects and something else is not understood")
            nullable = len(options) < len(schema[key])
            united = alternatives([*objects, *([objects[0] | {"type": ["object", "null"]}] if nullable else [])])
            schema = {name: value for name, value in schema.items() if name not in (key, "type")} | united
        return schema

    def _type(self, value: Any, at: str) -> str | list[str]:
        names: list[str] = value if isinstance(value, list) else [value]
        if not names or not all(isinstance(name, str) and name in _TYPES for name in names):
            self._refuse(at, f"an unknown type: {json.dumps(value)[:60]}")
        return names if len(names) > 1 else names[0]

    def _referred(self, reference: Any, at: str, through: tuple[str, ...]) -> Json:
        if not isinstance(reference, str) or not reference.startswith("#/"):
            self._refuse(at, "expected a reference into this document")
        if reference in through:
            self._refuse(at, "a schema that contains itself is not understood")
        node: Any = self._root
        for part in reference[2:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or name not in node:
                self._refuse(at, f"refers to nothing: {reference}")
            node = node[name]
        return self._schema(node, reference[1:], (*through, reference))

    def _known(self, node: Any, at: str, keys: frozenset[str]) -> Json:
        mapping = self._mapping(node, at)
        for key in mapping:
            if key not in keys:
                self._refuse(f"{at}/{_escape(key)}", "not understood by this importer")
        return mapping

    def _mapping(self, node: Any, at: str) -> Json:
        if not isinstance(node, dict):
            self._refuse(at, "expected a mapping")
        return node

    def _list(self, node: Any, at: str) -> list[Any]:
        if not isinstance(node, list):
            self._refuse(at, "expected a list")
        return node

    def _refuse(self, at: str, problem: str) -> NoReturn:
        raise DescriptionError(f"{self._path}#{at}: {problem}")


def _is_object(part: Json) -> bool:
    """Return true if this part of an `allOf` has fields, false if it only requires fields of the other parts."""
    return bool(part.get("properties")) or (
        part.keys() <= {"type", "required"} and part.get("type", "object") == "object"
    )


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _no_duplicate_keys(pairs: list[tuple[str, Any]]) -> Json:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"duplicate key {next(name for name in names if names.count(name) > 1)!r}")
    return mapping


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")

"""The OpenAPI constructs that the generator renders. Anything else is an error rather than being ignored."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from openapi_python_client.strings import ClassName, PythonIdentifier

from generator.description import AUDIENCES, DescriptionError
from generator.rendering.identifiers import is_function_name

Node = Mapping[str, Any]

_NOTES: Final = frozenset({"x-note", "x-ours"})
_WORDING: Final = _NOTES | {"description", "deprecated"}
_ROOT: Final = _NOTES | {
    *("openapi", "info", "servers", "tags", "security", "paths", "webhooks", "components", "x-names", "x-resources"),
}
_OPERATION: Final = _WORDING | {
    *("summary", "operationId", "tags", "parameters", "requestBody", "responses", "security"),
    *("x-access", "x-access-names", "x-needs", "x-uses", "x-idempotent"),
    *("x-since", "x-unpublished", "x-older", "x-methods"),
}
_PARAMETER: Final = _WORDING | {
    "name",
    "in",
    "required",
    "schema",
    "style",
    "explode",
    "x-access",
    "x-since",
    "x-since-values",
}
_SCHEMA: Final = _WORDING | {
    *("type", "enum", "const", "format", "default", "title", "example", "examples", "$comment"),
    *(
        "properties",
        "required",
        "additionalProperties",
        "items",
        "$ref",
        "allOf",
        "anyOf",
        "oneOf",
        "x-access-schema",
        "x-since",
    ),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems"),
    *("pattern", "uniqueItems"),
}
_METHODS: Final = frozenset({"get", "head", "post", "put", "patch", "delete"})
_CREDENTIALS: Final = frozenset({"access_token", "refresh_token", "publishable_client_key"})
_MEDIA_TYPES: Final = {
    "requestBody": frozenset({"application/json", "application/x-www-form-urlencoded"}),
    "response": frozenset({"application/json", "text/plain"}),
}


def verify(description: Node) -> None:
    """Raise for the first construct in `description` that the generator would not render faithfully.

    Raises:
        DescriptionError: gives the JSON pointer and the problem.
    """
    _Verifier(description).run()


def is_success(status: str) -> bool:
    """Return true if this status is a success; others are errors or redirects, which are not generated."""
    return str(status).startswith("2")


def escaped(key: str) -> str:
    """Return `key` as a step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


class _Verifier:
    def __init__(self, description: Node) -> None:
        self._root = description
        self._names: dict[str, str] = {}
        self._used: set[str] = set()
        self._older: dict[str, str] = {}

    def run(self) -> None:
        self._only(_ROOT, self._root, "")
        schemas = self._root.get("components", {}).get("schemas", {})
        for name, schema in schemas.items():
            at = f"/components/schemas/{escaped(name)}"
            if not re.fullmatch("[A-Z][A-Za-z0-9]*", name) or ClassName(name, "") != name:
                _fail(at, f"{name!r} cannot be a class name; {ClassName(name, 'Model')!r} can")
            self._schema(schema, at)
        for path, item in self._root.get("paths", {}).items():
            at = f"/paths/{escaped(path)}"
            self._only(_METHODS | _NOTES, item, at)
            for method in _METHODS & item.keys():
                self._operation(item[method], path, f"{at}/{method}")
        for event, item in self._root.get("webhooks", {}).items():
            self._wire_name(event, "/webhooks")
            self._event(item, f"/webhooks/{escaped(event)}")
        for at, name in self._older.items():
            if name not in self._names:
                _fail(at, f"no operation is called {name!r}")
        self._mark_used([node for key, node in self._root.items() if key != "components"])
        for name in schemas:
            if f"#/components/schemas/{name}" not in self._used:
                _fail(f"/components/schemas/{escaped(name)}", "no operation and no webhook uses it")

    def _operation(self, operation: Node, path: str, at: str) -> None:
        self._only(_OPERATION, operation, at)
        access = operation.get("x-access") or _fail(at, "x-access is missing")
        self._among(AUDIENCES, access, f"{at}/x-access")
        names: Node = operation.get("x-access-names") or dict.fromkeys(access, operation.get("operationId"))
        if names.keys() != set(access):
            _fail(f"{at}/x-access-names", f"it must name a function for each of {', '.join(access)}")
        for name in dict.fromkeys(names.values()):
            if not isinstance(name, str) or not is_function_name(name):
                _fail(
                    at,
                    f"{name!r} cannot name a function; use lower_case_words, no keyword, no builtin, no test_…",
                )
            if name in self._names:
                _fail(at, f"the name {name!r} is taken by {self._names[name]}")
            self._names[name] = f"#{at}"
        if len(operation.get("tags", ())) != 1:
            _fail(at, "exactly one tag is needed; it names the module")
        for key in ("x-needs", "x-uses"):
            self._among(_CREDENTIALS, operation.get(key, ()), f"{at}/{key}")
        if "x-older" in operation:
            self._older[f"{at}/x-older"] = operation["x-older"]
        for segment in path.split("/")[1:] if path != "/" else ():
            if not re.fullmatch(r"\{[A-Za-z_]\w*\}|[^{}]+", segment) or not segment.isprintable():
                _fail(at, f"a segment of a path is fixed or a parameter, not {segment!r}")
        for index, parameter in enumerate(operation.get("parameters", ())):
            self._parameter(parameter, f"{at}/parameters/{index}")
        if "requestBody" in operation:
            self._content(operation["requestBody"], "requestBody", f"{at}/requestBody")
        for status, response in operation.get("responses", {}).items():
            if is_success(status):
                self._content(response, "response", f"{at}/responses/{status}")

    def _parameter(self, parameter: Node, at: str) -> None:
        self._only(_PARAMETER, parameter, at)
        if parameter.get("in") not in ("path", "query"):
            _fail(at, "a parameter is in the path or in the query; headers are for x-needs and x-uses")
        self._wire_name(parameter["name"], at)
        schema = parameter.get("schema") or _fail(at, "a parameter needs a schema with a type")
        self._schema(schema, f"{at}/schema")
        if "$ref" in schema:
            _fail(f"{at}/schema", "the schema of a parameter is written in place")
        if schema.get("type") == "array" and (parameter.get("style", "form"), parameter.get("explode")) != (
            "form",
            False,
        ):
            _fail(at, "a list in a query is joined with commas: `style: form`, `explode: false`")

    def _content(self, node: Node, place: str, at: str) -> None:
        self._only(_WORDING | {"content", "required"}, node, at)
        content = node.get("content", {})
        self._only(_MEDIA_TYPES[place], content, f"{at}/content")
        for media_type, value in content.items():
            here = f"{at}/content/{escaped(media_type)}"
            self._only(_NOTES | {"schema"}, value, here)
            self._schema(value.get("schema"), f"{here}/schema")
            if place == "response" and value["schema"].get("properties"):
                _fail(f"{here}/schema", "a reply with fields is a named component, by $ref")

    def _event(self, item: Node, at: str) -> None:
        self._only({"post"} | _NOTES, item, at)
        post = item.get("post") or _fail(at, "an event is a POST")
        self._only(_WORDING | {"summary", "operationId", "tags", "requestBody", "responses"}, post, f"{at}/post")
        self._content(
            post.get("requestBody") or _fail(at, "an event has a body"), "requestBody", f"{at}/post/requestBody"
        )
        schema = post["requestBody"]["content"].get("application/json", {}).get("schema", {})
        if "$ref" not in schema:
            _fail(f"{at}/post/requestBody", "the payload of an event is a named component, by $ref")

    def _schema(self, schema: Any, at: str) -> None:
        if not isinstance(schema, Mapping):
            _fail(at, "expected a schema")
        self._only(_SCHEMA, schema, at)
        if (reference := schema.get("$ref")) is not None:
            self._reference(reference, at)
        for access, reference in schema.get("x-access-schema", {}).items():
            self._among(AUDIENCES, [access], f"{at}/x-access-schema")
            self._reference(reference, f"{at}/x-access-schema/{access}")
        alike: dict[tuple[str, str], str] = {}
        for name, field in schema.get("properties", {}).items():
            self._wire_name(name, f"{at}/properties")
            # openapi-python-client distinguishes no others.
            key = (PythonIdentifier(name, ""), PythonIdentifier(name, "", skip_snake_case=True))
            if alike.setdefault(key, name) != name:
                _fail(f"{at}/properties/{escaped(name)}", f"it has the same Python name as {alike[key]!r}")
            self._schema(field, f"{at}/properties/{escaped(name)}")
        for name in schema.get("required", ()):
            if "allOf" not in schema and name not in schema.get("properties", {}):
                _fail(f"{at}/required", f"{name!r} is not among the properties")
        for value in [*schema.get("enum", ()), schema.get("const")]:
            if value is not None and not (isinstance(value, str | int) and str(value).isprintable()):
                _fail(at, "fixed values are printable text or whole numbers")
        if isinstance(schema.get("additionalProperties"), Mapping):
            self._schema(schema["additionalProperties"], f"{at}/additionalProperties")
        if "items" in schema:
            self._schema(schema["items"], f"{at}/items")
        elif "array" in _types(schema):
            _fail(at, "a list needs `items`")
        for word in ("allOf", "anyOf", "oneOf"):
            for index, part in enumerate(schema.get(word, ())):
                self._schema(part, f"{at}/{word}/{index}")
                if word == "allOf" and not part.keys() & {"$ref", "properties"}:
                    _fail(f"{at}/{word}/{index}", "what is merged has fields")

    def _reference(self, reference: str, at: str) -> None:
        name = reference.removeprefix("#/components/schemas/")
        if name not in self._root.get("components", {}).get("schemas", {}) or name == reference:
            _fail(at, f"{reference!r} is not a component of this document")

    def _mark_used(self, nodes: Any) -> None:
        for reference in _references(nodes):
            if reference not in self._used:
                self._used.add(reference)
                section, _, name = reference.removeprefix("#/components/").partition("/")
                self._mark_used(self._root["components"].get(section, {}).get(name))

    def _wire_name(self, name: Any, at: str) -> None:
        if not isinstance(name, str) or not name or not name.isprintable():
            _fail(at, f"{name!r} cannot be a name; printable text can")

    def _only(self, known: Collection[str], node: Any, at: str) -> None:
        if not isinstance(node, Mapping):
            _fail(at, "expected a mapping")
        for key in node:
            if key not in known:
                _fail(f"{at}/{escaped(str(key))}", "the generator does not know this")

    def _among(self, known: Collection[str], values: Any, at: str) -> None:
        for value in values:
            if value not in known:
                _fail(at, f"{value!r} is not one of {', '.join(sorted(known))}")


def _types(schema: Node) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _fail(at: str, problem: str) -> Any:
    raise DescriptionError(f"#{at}: {problem}")

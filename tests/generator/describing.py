"""Small descriptions of the API, and the differences reported between two of them."""

import copy
from typing import Any

from generator.comparing.changes import compare

Json = dict[str, Any]

STRING = {"type": "string"}
INTEGER = {"type": "integer"}


def content(schema: Json, media: str = "application/json") -> Json:
    return {"content": {media: {"schema": copy.deepcopy(schema)}}}


def reply(schema: Json | None = None, status: str = "200") -> Json:
    return {status: {"description": "Success"} | (content(schema) if schema is not None else {})}


def record(required: tuple[str, ...] = (), **fields: Json) -> Json:
    return {"type": "object", "properties": fields, "required": list(required)}


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def operation(name: str = "get_thing", access: str = "client server admin", **parts: Any) -> Json:
    return {"operationId": name, "x-access": access.split(), "tags": ["things"], "responses": reply()} | parts


def api(paths: Json | None = None, *, webhooks: Json | None = None, **schemas: Json) -> Json:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": paths or {},
        "webhooks": webhooks or {},
        "components": {"schemas": schemas},
    }


def one(**parts: Any) -> Json:
    """Return a description of one operation, `GET /things`."""
    return api({"/things": {"get": operation(**parts)}})


def sending(schema: Json, **schemas: Json) -> Json:
    body = {"required": True, **content(record(("field",), field=schema))}
    return api({"/things": {"post": operation(requestBody=body)}}, **schemas)


def receiving(schema: Json, **schemas: Json) -> Json:
    return api({"/things": {"get": operation(responses=reply(record(("field",), field=schema)))}}, **schemas)


def parameter(schema: Json = STRING, where: str = "query", name: str = "limit", **words: Any) -> Json:
    return {"name": name, "in": where, "schema": schema, **words}


def said(old: Json, new: Json) -> list[tuple[str, str, bool]]:
    """Return place, kind and verdict of each change."""
    return [(f"{c.subject} {c.place}".strip(), c.fact.kind, c.fact.breaking) for c in compare(old, new)]


def texts(old: Json, new: Json) -> list[str]:
    return [change.fact.text for change in compare(old, new)]


def choice(*values: str) -> Json:
    return {"type": "string", "enum": list(values)}


def nullable(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def body(schema: Json, *, required: bool = True, media: str = "application/json") -> Json:
    return {"requestBody": {"required": required, **content(schema, media)}}


def in_many_places(count: int = 40, **schemas: Json) -> Json:
    paths = {
        f"/a{number}": {"get": operation(f"get_{number}", responses=reply(ref("Thing")))} for number in range(count)
    }
    return api(paths, **schemas)

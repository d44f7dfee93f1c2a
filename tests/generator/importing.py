"""Small upstream documents, and the importer run on them as a command."""

import copy
import json
from pathlib import Path
from typing import Any

import yaml

from generator.__main__ import main

Json = dict[str, Any]

STRING: Json = {"type": "string"}
NUMBER: Json = {"type": "number"}
NAMED = {"id": STRING, "display_name": STRING}


def record(required: tuple[str, ...] | None = None, /, **fields: Json) -> Json:
    """Return an object schema; all of its fields are required by default."""
    names = list(fields if required is None else required)
    return {"type": "object", "properties": fields} | ({"required": names} if names else {})


def page(item: Json) -> Json:
    return record(("items",), items={"type": "array", "items": item}, pagination=record(next_cursor=STRING))


def operation(reply: Json | None = None, body: Json | None = None, status: str = "200", *parameters: Json) -> Json:
    """Return an operation as upstream writes it, including wording."""
    made: Json = {
        "summary": "Upstream's summary",
        "description": "Upstream's description",
        "tags": ["Upstream"],
        "x-full-url": "https://upstream.example.com",
        "parameters": list(parameters),
        "responses": {
            status: {"description": "Upstream's reply", "content": _json(reply)} if reply else {"description": ""}
        },
    }
    return made | ({"requestBody": {"required": True, "content": _json(body)}} if body else {})


def parameter(name: str, place: str = "query", schema: Json = STRING, *, required: bool = False) -> Json:
    return {"name": name, "in": place, "schema": schema, "required": required, "description": "Upstream's words"}


def path_parameter(name: str) -> Json:
    return parameter(name, "path", required=True)


def document(**paths: Json) -> Json:
    return {"openapi": "3.1.0", "info": {"title": "Upstream", "version": "1"}, "paths": paths}


def events(**payloads: Json) -> Json:
    posts = {name: {"post": operation(body=record(type=STRING, data=data))} for name, data in payloads.items()}
    return {"openapi": "3.1.0", "info": {"title": "Upstream", "version": "1"}, "webhooks": posts}


def _json(schema: Json | None) -> Json:
    return {"application/json": {"schema": copy.deepcopy(schema)}}


class Room:
    """A description and the importer beside it."""

    def __init__(self, folder: Path, capsys: Any) -> None:
        self.spec = folder / "openapi.yaml"
        self._folder = folder
        self._capsys = capsys
        self.out = self.err = ""

    def try_import(self, release: str = "upstream", /, **documents: Json | bytes) -> int:
        """Import documents, by audience, from a folder named after a release; return the exit status."""
        upstream = self._folder / release
        upstream.mkdir(exist_ok=True)
        for old in upstream.iterdir():
            old.unlink()
        for audience, content in documents.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            (upstream / f"{audience}.json").write_bytes(data)
        status = main(["import", str(upstream), "--spec", str(self.spec)])
        self.out, self.err = self._capsys.readouterr()
        return status

    def take(self, release: str = "upstream", /, **documents: Json | bytes) -> Json:
        """Import documents, which must succeed; return the resulting description."""
        assert self.try_import(release, **documents) == 0, self.err
        return self.description

    @property
    def description(self) -> Json:
        return yaml.safe_load(self.spec.read_text())

    def edit(self, old: str, new: str) -> None:
        """Edit the description by hand, as text."""
        text = self.spec.read_text()
        assert old in text
        self.spec.write_text(text.replace(old, new))

    def rewrite(self, description: Json) -> None:
        """Edit the description by hand, as a whole."""
        self.spec.write_text(yaml.safe_dump(description, sort_keys=False))


def reply_of(description: Json, method: str, path: str, status: str = "200") -> Json:
    return description["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]


def schemas(description: Json) -> Json:
    return description["components"]["schemas"]


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}

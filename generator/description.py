"""Reading and writing spec/openapi.yaml: parsed strictly, written in one canonical form, so that imports give readable
diffs.
"""

import os
import re
import tempfile
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
AUDIENCES = ("client", "server", "admin")
WEBHOOK = "webhook"
"""Takes the place of the HTTP method for an event; the event's name takes the place of the path."""
CREDENTIALS = {
    "access-token": "access_token",
    "refresh-token": "refresh_token",
    "publishable-client-key": "publishable_client_key",
}
"""Headers that an operation may need, without their prefix, and their names in the description."""

_KEY_ORDER = """
openapi info title version servers url security paths webhooks components x-names x-ours
get put post delete options head patch trace
operationId x-access x-access-names client server admin tags summary name in description deprecated
x-since x-since-values x-unpublished x-older
x-needs x-uses x-idempotent
parameters requestBody responses $ref anyOf oneOf allOf x-access-schema
type const enum format default items properties additionalProperties required style explode schema
content application/json text/plain schemas securitySchemes headers x-note
""".split()  # noqa: SIM905 - a list that long is unreadable in quotes and commas
_RANK = {key: rank for rank, key in enumerate(_KEY_ORDER)}
_NAMED = frozenset({"paths", "webhooks", "schemas", "securitySchemes", "responses", "headers", "x-names"})
"""Keys whose values are maps with arbitrary keys: sorted by name."""


class DescriptionError(Exception):
    """An unusable document. The text is one line with the file, the location in it, and the problem."""

    def __str__(self) -> str:
        # The text quotes documents, which may contain anything.
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in super().__str__())


def load(path: Path) -> Json:
    """Load the description from `path`.

    Raises:
        DescriptionError: the file is missing, not YAML, not a mapping, has a duplicate key, or has a comment, which an
            import would lose.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise DescriptionError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise DescriptionError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from None
    try:
        _refuse_comments(path, text)
        document = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a safe loader with fewer types
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        raise DescriptionError(f"{path}{where}: not YAML: {getattr(error, 'problem', None) or error}") from None
    except RecursionError:
        raise DescriptionError(f"{path}: nested too deeply") from None
    if not isinstance(document, dict):
        raise DescriptionError(f"{path}: not an OpenAPI document: expected a mapping")
    return document


def dump(document: Json) -> str:
    """Return the canonical text of `document`: known keys first, names sorted, properties in their given order."""
    return yaml.dump(
        _ordered(document),
        Dumper=_PlainDumper,
        sort_keys=False,
        allow_unicode=True,
        width=120,
        default_flow_style=False,
    )


def write(path: Path, document: Json) -> bool:
    """Replace `path` atomically with the canonical text of `document`; return true if that changed it."""
    data = dump(document).encode("utf-8")
    if path.exists() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True


def _refuse_comments(path: Path, text: str) -> None:
    end = 0
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        comment = text.find("#", end, token.start_mark.index)
        if comment >= 0:
            line = text.count("\n", 0, comment) + 1
            raise DescriptionError(f"{path}:{line}: an import would lose this comment; use an `x-note` instead")
        end = max(end, token.end_mark.index)


def _ordered(node: Any, *, named: bool = False, fields: bool = False) -> Any:
    if isinstance(node, list):
        return [_ordered(item) for item in node]
    if not isinstance(node, dict):
        return node
    if named:
        return {key: _ordered(node[key], fields=False) for key in sorted(node)}
    if fields:
        return {key: _ordered(value) for key, value in node.items()}
    keys = sorted(node, key=lambda key: (_RANK.get(key, len(_RANK)), key))
    return {key: _ordered(node[key], named=key in _NAMED, fields=key == "properties") for key in keys}


class _StrictLoader(yaml.CSafeLoader):
    """Accepts only what JSON can express: no dates, no merge keys, no duplicate keys."""

    # The unused arguments below are part of the signatures that PyYAML calls.
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: ARG002
        seen = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:str" and not (key.tag == "tag:yaml.org,2002:int"):
                raise yaml.constructor.ConstructorError(None, None, "a key that is not text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key.value!r}", key.start_mark)
            seen.add(key.value)
        return {
            self.construct_object(key, deep=True) if key.tag.endswith(":str") else key.value: self.construct_object(
                value, deep=True
            )
            for key, value in node.value
        }


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":merge"))]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class _PlainDumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML calls it so
        return True


def _text(dumper: yaml.CSafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


def _list(dumper: yaml.CSafeDumper, value: list[Any]) -> yaml.SequenceNode:
    flow = not any(isinstance(item, (dict, list)) for item in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flow)


_PlainDumper.add_representer(str, _text)
_PlainDumper.add_representer(list, _list)


def bare(path: str) -> str:
    """Return `path` without parameter names, which upstream may change: `/users/{}`."""
    return re.sub(r"\{[^}]*\}", "{}", path)

"""The tools for agents: search operations, describe one, call one. Independent of the protocol."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import click

from hexclave.cli._connecting import ORDER, AnyApp
from hexclave.cli._profiles import Profile
from hexclave.cli._signatures import Call
from hexclave.cli._values import DurationType, JsonType, MomentType, SecretType, Shape, TextOrBool, TextOrJson
from hexclave_api.model import Model
from hexclave_api.operation import AccessType
from hexclave_api.operations import OPERATIONS
from hexclave_api.registry import Entry

LONGEST: Final = 40_000
"""Characters of a result; more would fill the context of an agent."""
_USUAL_LIMIT: Final = 20


class ToolError(Exception):
    """A mistake of the agent, with advice."""


class ConfirmationNeeded(Exception):
    """A deletion without confirmation."""

    def __init__(self, code: str, question: str) -> None:
        super().__init__(question)
        self.code = code
        self.question = question


class Tools:
    """The operations that a profile's keys allow; those that only read, unless `write`."""

    def __init__(self, profile: Profile, apps: Mapping[AccessType, AnyApp], *, write: bool) -> None:
        self._apps = apps
        self._profile = profile
        self._write = write
        self._key = secrets.token_bytes(16)

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """The operations that may be called."""
        return {
            name: entry
            for name, entry in OPERATIONS.items()
            if self._access(entry) is not None and (self._write or _reads(entry))
        }

    @cached_property
    def _calls(self) -> Mapping[str, Call]:
        found = {name: Call.of(entry.function) for name, entry in self.entries.items()}
        return {name: call for name, call in found.items() if call is not None}

    def _access(self, entry: Entry) -> AccessType | None:
        return next((access for access in ORDER if access in entry.access and access in self._apps), None)

    def search(self, query: str, limit: int) -> list[dict[str, Any]]:
        """Return the operations that match best, with their summaries."""
        words = {_stem(word) for word in re.findall(r"[a-z0-9]+", query.lower())}
        scored = []
        for name, call in self._calls.items():
            score = _score(words, name, self.entries[name], call)
            if score or not words:
                scored.append((-score, name))
        return [self._row(name) for _, name in sorted(scored)[: max(1, min(limit, 50))]]

    def _row(self, name: str) -> dict[str, Any]:
        entry = self.entries[name]
        return {"name": name, "request": f"{entry.method} {entry.path}", "summary": self._calls[name].doc.summary}

    def describe(self, name: str) -> dict[str, Any]:
        """Return what an operation does, its arguments, and what it needs.

        Raises:
            ToolError: there is no such operation, or it may not be called.
        """
        entry, call = self._found(name)
        return {
            **self._row(name),
            "description": call.doc.text,
            "arguments": {each.rstrip("_"): self._argument(call, each, shape) for each, shape in call.shapes.items()},
            "access": [access for access in ORDER if access in entry.access and access in self._apps],
            "needs_confirmation": entry.method == "DELETE",
        }

    def _argument(self, call: Call, name: str, shape: Shape) -> dict[str, Any]:
        required = call.signature.parameters[name].default is call.signature.empty
        text = call.doc.arguments.get(name, "")
        found = {"type": _type_name(shape), "required": required, "description": text}
        return {key: value for key, value in found.items() if value not in (False, "")}

    def _found(self, name: str) -> tuple[Entry, Call]:
        if name in self._calls:
            return self.entries[name], self._calls[name]
        entry = OPERATIONS.get(name)
        if entry is None:
            raise ToolError(f"There is no operation {name!r}; search for one.")
        if self._access(entry) is None:
            needed = " or ".join(entry.access)
            raise ToolError(f"{name} needs {needed} access; the profile {self._profile.name} has no key for it.")
        raise ToolError(f"{name} changes data ({entry.method}), and this server only reads. It must run with --write.")

    def call(
        self, name: str, arguments: Mapping[str, Any], *, access: str | None = None, confirm: str | None = None
    ) -> Any:
        """Call an operation and return its result as JSON, secrets masked.

        `access` defaults to the first of server, admin and client that has a key.

        Raises:
            ToolError: the operation or an argument is not allowed.
            ConfirmationNeeded: it deletes something; call it again with the code.
            HexclaveError: the call failed.
        """
        entry, call = self._found(name)
        given = _checked(name, call, arguments)
        if entry.method == "POST" and call.returns_secrets:
            raise ToolError(
                f"The reply of {name} contains a secret shown only once, which does not belong in a conversation. "
                f"A person can run: hexclave-py call {name.replace('_', '-')} --reveal"
            )
        if entry.method == "DELETE":
            code = self._code(name, arguments)
            if confirm is None or not hmac.compare_digest(confirm, code):
                raise ConfirmationNeeded(code, f"{name} with {json.dumps(dict(arguments))} deletes permanently.")
        if "limit" in call.shapes and entry.method == "GET":
            given.setdefault("limit", _USUAL_LIMIT)
        usable = {each: self._apps[each] for each in ORDER if each in entry.access and each in self._apps}
        app = next((each for key, each in usable.items() if access in (None, key)), None)
        if app is None:
            raise ToolError(f"access must be one of {', '.join(usable)} for {name}.")
        return _as_json(app.call(call.function(**given)))

    def _code(self, name: str, arguments: Mapping[str, Any]) -> str:
        """A code for this deletion only, which only a refused call reveals."""
        text = json.dumps([name, dict(arguments)], sort_keys=True).encode()
        return hmac.digest(self._key, text, hashlib.sha256).hex()[:12]

    def confirmed(self, name: str, arguments: Mapping[str, Any], access: str | None) -> Any:
        """Call a deletion that a person has confirmed."""
        return self.call(name, arguments, access=access, confirm=self._code(name, arguments))


def _reads(entry: Entry) -> bool:
    return entry.method in ("GET", "HEAD")


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _score(words: set[str], name: str, entry: Entry, call: Call) -> int:
    """Return a match score for an operation: its name counts most, then path and summary, then the description."""
    # `list_teams_as_server` is how servers list teams.
    in_name = {_stem(word) for word in re.sub("_as_(server|admin)$", "", name).split("_")}
    in_summary = {_stem(word) for word in re.findall(r"[a-z0-9]+", f"{call.doc.summary} {entry.path}".lower())}
    in_text = {_stem(word) for word in re.findall(r"[a-z0-9]+", call.doc.text.lower())}
    found = sum(10 * (word in in_name) + 4 * (word in in_summary) + (word in in_text) for word in words)
    return found - len(in_name - words) if found else 0


_TYPES: Final[Mapping[type[click.ParamType[Any]], str]] = {
    SecretType: "string",
    TextOrJson: "string or object",
    JsonType: "JSON",
    TextOrBool: "string or boolean",
    MomentType: "time (ISO 8601)",
    DurationType: "duration",
}


def _type_name(shape: Shape) -> str:
    base = next((name for kind, name in _TYPES.items() if isinstance(shape.type, kind)), "")
    if isinstance(shape.type, click.Choice):
        base = " | ".join(json.dumps(each) for each in shape.type.choices)
    base = base or {"integer": "integer", "float": "number", "boolean": "boolean"}.get(shape.type.name, "string")
    return ("list of strings" if shape.multiple else base) + (" or null" if shape.nullable else "")


def _checked(name: str, call: Call, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, after checking names and types."""
    # A trailing underscore keeps names apart from Python's own.
    arguments = {f"{each}_" if f"{each}_" in call.shapes else each: value for each, value in arguments.items()}
    unknown = [each for each in arguments if each not in call.shapes]
    if unknown:
        known = ", ".join(each.rstrip("_") for each in call.shapes)
        raise ToolError(f"{name} has no argument {', '.join(unknown)}; it has: {known or 'none'}.")
    missing = [
        each
        for each in call.shapes
        if call.signature.parameters[each].default is call.signature.empty and each not in arguments
    ]
    if missing:
        raise ToolError(f"{name} needs {', '.join(missing)}.")
    return {each: _value(each, call.shapes[each], value) for each, value in arguments.items()}


def _value(name: str, shape: Shape, value: Any) -> Any:
    if value is None and shape.nullable:
        return None
    kind = shape.type
    if isinstance(kind, JsonType | TextOrBool):
        return value
    if isinstance(kind, MomentType) and isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise ToolError(f"{name} must be a time in ISO 8601.") from None
    fits = {
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "float": isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
    }.get(kind.name, isinstance(value, str))
    if isinstance(kind, click.Choice):
        fits = value in kind.choices
    if shape.multiple:
        fits = isinstance(value, list) and all(isinstance(each, str) for each in value)
    if not fits:
        raise ToolError(f"{name} must be: {_type_name(shape)}.")
    return value


def _as_json(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    return value

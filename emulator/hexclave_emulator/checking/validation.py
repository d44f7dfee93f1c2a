"""Validation of input against the description: unknown fields are refused, scalars coerced, and errors worded as by the
API.
"""

import json
import math
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

import attrs

from hexclave_emulator.checking.description import Description
from hexclave_emulator.checking.rules import Rule, Said
from hexclave_emulator.messages.exchange import JsonObject

_NO_RULE: Final = Rule()
_MISSING: Final = object()


@attrs.define
class Validator:
    """Validates one request. `faults` collects the errors in the order in which the API reports them."""

    description: Description
    access: str
    """Selects the shape if it depends on the access type."""
    rules: Mapping[str, Rule]
    faults: list[str] = attrs.field(factory=list)

    def value(self, schema: JsonObject, value: Any, path: str) -> Any:
        """Return the value as passed to the handler."""
        rule = self.rules.get(path, _NO_RULE)
        schema = self._shape(schema)
        if rule.values is not None:
            schema = {**schema, "enum": list(rule.values)}
        if value is None:
            if not _takes_null(schema) if rule.nullable is None else not rule.nullable:
                self.faults.append(f"{path} cannot be null")
            return None
        if rule.open and isinstance(value, dict):
            return value
        if rule.one_of:
            schema = {"anyOf": _variants(schema, rule.one_of)}
        alternatives = [each for each in schema.get("anyOf") or schema.get("oneOf") or () if each.get("type") != "null"]
        if len(alternatives) == 1:  # a shape that may also be null
            return self.value(alternatives[0], value, path)
        before = len(self.faults)
        coerced = self._any_of(alternatives, value, path) if alternatives else self._typed(schema, value, path)
        if coerced is _MISSING:
            return None
        if isinstance(coerced, list) and len(self.faults) > before:
            return coerced  # checks of a list rely on valid items
        self.faults.extend(said(rule, coerced, path))
        return coerced

    def _shape(self, schema: JsonObject) -> JsonObject:
        schema = self.description.resolve(schema)
        by_access = schema.get("x-access-schema")
        if by_access:
            reference = by_access.get(self.access) or next(iter(by_access.values()))
            return self.description.resolve({"$ref": reference})
        return schema

    def _typed(self, schema: JsonObject, value: Any, path: str) -> Any:
        types = schema.get("type")
        kinds = [kind for kind in ([types] if isinstance(types, str) else types or []) if kind != "null"]
        if not kinds:
            if "const" in schema and value != schema["const"]:
                self.faults.append(f"{path} must be one of the following values: {_shown_option(schema['const'])}")
                return _MISSING
            return value
        kind = next((kind for kind in kinds if _is_a(kind, value)), kinds[0])
        coerced = _COERCIONS[kind](value)
        if coerced is _MISSING:
            self.faults.append(f"{path} {_type_fault(kind, value)}")
            return _MISSING
        options = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
        if options is not None and coerced not in options:
            self.faults.append(f"{path} must be one of the following values: {', '.join(map(_shown_option, options))}")
            return _MISSING
        if kind == "object":
            return self._object(schema, coerced, path)
        if kind == "array":
            return self._array(schema, coerced, path)
        self._bounds(schema, coerced, path)
        return coerced

    def _object(self, schema: JsonObject, value: JsonObject, path: str) -> JsonObject:
        properties: JsonObject | None = schema.get("properties")
        extra = schema.get("additionalProperties")
        if properties is None:
            if isinstance(extra, dict):
                return {name: self.value(extra, item, f"{path}.{name}") for name, item in value.items()}
            return value
        fields = {**properties, **undescribed(self.rules, f"{path}.", properties)}
        unknown = [name for name in value if name not in fields]
        before = len(self.faults)
        demanded = schema.get("required", ())
        found: JsonObject = {name: item for name, item in value.items() if name in unknown and extra}
        for name, field in fields.items():
            where = f"{path}.{name}"
            if name in value:
                found[name] = self.value(field, value[name], where)
            elif "default" in self._shape(field) and self.rules.get(where, _NO_RULE).required is not False:
                found[name] = self._shape(field)["default"]
            elif (name in demanded) if (required := self.rules.get(where, _NO_RULE).required) is None else required:
                self.faults.append(f"{where} must be defined")
        self.faults[before:] = in_order(self.faults[before:], fields, path)
        if unknown and not extra:
            twice = self.access != "client" and self.rules.get(path, _NO_RULE).said_twice
            self.faults += [f"{path} contains unknown properties: {', '.join(unknown)}"] * (2 if twice else 1)
        return found

    def _array(self, schema: JsonObject, value: list[Any], path: str) -> list[Any]:
        least, most = schema.get("minItems"), schema.get("maxItems")
        if least is not None and len(value) < least:
            self.faults.append(f"{path} field must have at least {least} items")
        if most is not None and len(value) > most:
            self.faults.append(f"{path} field must have less than or equal to {most} items")
        items = schema.get("items")
        if not items:
            return value
        return [self.value(items, item, f"{path}[{index}]") for index, item in enumerate(value)]

    def _bounds(self, schema: JsonObject, value: Any, path: str) -> None:
        if isinstance(value, str):
            if len(value) > schema.get("maxLength", math.inf):
                self.faults.append(f"{path} must be at most {schema['maxLength']} characters")
            if len(value) < schema.get("minLength", 0):
                fault = (
                    "must not be empty"
                    if schema["minLength"] == 1
                    else f"must be at least {schema['minLength']} characters"
                )
                self.faults.append(f"{path} {fault}")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if value < schema.get("minimum", -math.inf):
                self.faults.append(f"{path} must be greater than or equal to {schema['minimum']}")
            if value > schema.get("maximum", math.inf):
                self.faults.append(f"{path} must be less than or equal to {schema['maximum']}")

    def _attempt(self, path: str) -> "Validator":
        # Variants of an object have no variants themselves.
        rules = {place: rule for place, rule in self.rules.items() if place != path or not rule.one_of}
        return Validator(self.description, self.access, rules)

    def _any_of(self, alternatives: list[JsonObject], value: Any, path: str) -> Any:
        # A value that already has the right type is not coerced: `false` is not text.
        for alternative in alternatives:
            types = self._shape(alternative).get("type")
            if any(_is_a(kind, value) for kind in ([types] if isinstance(types, str) else types or ())):
                attempt = self._attempt(path)
                coerced = attempt.value(alternative, value, path)
                if not attempt.faults:
                    return coerced
        reports: list[str] = []
        for number, alternative in enumerate(alternatives):
            attempt = self._attempt(path)
            coerced = attempt.value(alternative, value, path)
            if not attempt.faults:
                return coerced
            reports += [f"  Schema {number}:", *(f"    {fault}" for fault in attempt.faults)]
        self.faults.append("\n  ".join([f"{path} is not matched by any of the provided schemas:", *reports]))
        return _MISSING


def said(rule: Rule, value: Any, path: str) -> list[str]:
    """Return the errors found by the rule's checks."""
    faults = (check(value) for check in rule.checks)
    return [fault if isinstance(fault, Said) else f"{path} {fault}" for fault in faults if fault is not None]


def in_order(faults: list[str], fields: Collection[str], prefix: str) -> list[str]:
    """Return errors of fields in the API's order: by the first field whose name is part of their location, then by the
    field itself in reverse order.
    """
    numbers = {name: number for number, name in enumerate(fields)}

    def place(fault: str) -> tuple[int, int]:
        path = fault.partition(" ")[0]
        own = re.split(r"[.\[]", path.removeprefix(f"{prefix}."))[0]
        return next((number for name, number in numbers.items() if name in path), len(numbers)), -numbers.get(own, 0)

    return sorted(faults, key=place)


def _variants(schema: JsonObject, sets: Collection[Collection[str]]) -> list[JsonObject]:
    """Return the schema once per set of fields: with the set required, and without the fields of the other sets."""
    every = {name.rstrip("?") for names in sets for name in names}
    return [
        {
            **schema,
            "properties": {
                name: field
                for name, field in schema["properties"].items()
                if name not in every or name in names or f"{name}?" in names
            },
            "required": [*schema.get("required", ()), *(name for name in names if not name.endswith("?"))],
        }
        for names in sets
    ]


def undescribed(rules: Mapping[str, Rule], prefix: str, described: Collection[str]) -> dict[str, JsonObject]:
    """Return the fields under the prefix that only rules define, each of any type."""
    names = [
        place.removeprefix(prefix) for place, rule in rules.items() if rule.undescribed and place.startswith(prefix)
    ]
    return {name: {} for name in names if "." not in name and name not in described}


def query_value(schema: JsonObject, value: str, path: str, faults: list[str]) -> Any:
    """Return a query parameter as passed to the handler: booleans and numbers are text on the wire."""
    kind = schema.get("type")
    if kind == "boolean":
        if value not in ("true", "false"):
            faults.append(f"{path} must be one of the following values: true, false")
        return value == "true"
    if kind in ("integer", "number"):
        number = _number(value)
        if number is _MISSING:
            faults.append(f"{path} {_type_fault('number', value)}")
            return 0
        if kind == "integer" and number != int(number):
            faults.append(f"{path} must be an integer")
        return int(number) if number == int(number) else number
    if kind == "array":
        return value.split(",") if value else []
    options = schema.get("enum")
    if options is not None and value not in options:
        faults.append(f"{path} must be one of the following values: {', '.join(map(str, options))}")
    return value


def _takes_null(schema: JsonObject) -> bool:
    types = schema.get("type")
    if types is None:
        return not (schema.keys() & {"anyOf", "oneOf", "const", "enum"}) or any(
            _takes_null(each) for each in schema.get("anyOf", ()) if "$ref" not in each
        )
    return types == "null" or (not isinstance(types, str) and "null" in types)


def _is_a(kind: str, value: object) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    kinds = {"string": str, "number": (int, float), "integer": int, "object": dict, "array": list}
    return kind in kinds and isinstance(value, kinds[kind])  # type: ignore[arg-type]  # each is a class or a tuple of them


def _string(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool | int | float) else _MISSING


def _number(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not value.strip():
        return _MISSING
    try:
        number = float(value)
    except ValueError:
        return _MISSING
    if not math.isfinite(number):
        return _MISSING
    return int(number) if number.is_integer() else number


def _integer(value: Any) -> Any:
    number = _number(value)
    return number if number is _MISSING or number == int(number) else _MISSING


def _boolean(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower(), _MISSING)


def _nested(kind: type) -> Any:
    def coerce(value: Any) -> Any:
        if isinstance(value, str):  # the API parses JSON inside text
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                return _MISSING
        return value if isinstance(value, kind) else _MISSING

    return coerce


_COERCIONS: Final[dict[str, Any]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "object": _nested(dict),
    "array": _nested(list),
}


def _type_fault(kind: str, value: Any) -> str:
    given = json.dumps(value, ensure_ascii=False, indent=2)
    if kind in ("number", "integer"):
        if _number(value) is not _MISSING:
            return "must be an integer"
        return f"must be a `number` type, but the final value was: `NaN` (cast from the value `{given}`)."
    return f"must be a `{kind}` type, but the final value was: `{given}`."


def _shown_option(option: Any) -> str:
    return option if isinstance(option, str) else json.dumps(option)

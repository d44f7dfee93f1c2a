"""Checks of the API that its documents omit: formats, lengths, required fields.

A route lists rules by the location of the value:

    @route("POST", "/users", access=SERVER, rules={"body.primary_email": EMAIL, "body.display_name": at_most(256)})

A check returns the problem, as the text after the name of the field, or `None`.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import attrs

Check: TypeAlias = Callable[[Any], str | None]


@attrs.frozen
class Rule:
    """Checks of one field beyond its schema, for values that are present and not null."""

    checks: tuple[Check, ...] = ()
    required: bool | None = None
    """Overrides the description; `False` also drops its default."""
    nullable: bool | None = None
    """Overrides the description."""
    open: bool = False
    """True for an object with arbitrary fields, which the description declares as one without fields."""
    values: tuple[str, ...] | None = None
    """The allowed values, in place of those of the description."""
    one_of: tuple[tuple[str, ...], ...] = ()
    """For an object: alternative sets of fields; exactly one applies. Fields with `?` are optional."""
    said_twice: bool = False
    """For an object: true if servers get two error lines for an unknown field."""
    undescribed: bool = False
    """True if the API accepts the field although the description lacks it. Without this, a rule does not add a field.
    """

    def __and__(self, other: "Rule") -> "Rule":
        """Both: `REQUIRED & EMAIL`."""
        return Rule(
            self.checks + other.checks,
            self.required if other.required is None else other.required,
            self.nullable if other.nullable is None else other.nullable,
            self.open or other.open,
            self.values if other.values is None else other.values,
            self.one_of or other.one_of,
            self.said_twice or other.said_twice,
            self.undescribed or other.undescribed,
        )


REQUIRED: Final = Rule(required=True)
OPTIONAL: Final = Rule(required=False)
ANY_FIELDS: Final = Rule(open=True)
NULLABLE: Final = Rule(nullable=True)
NOT_NULL: Final = Rule(nullable=False)
UNDESCRIBED: Final = Rule(undescribed=True)
SAID_TWICE: Final = Rule(said_twice=True)

_EMAIL: Final = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
_SIGN_IN_EMAIL: Final = re.compile(r"[^.]+(\.[^.]+)*@.*\.[^.][^.]+")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


class Said(str):
    """A complete message: the name of the field is not prepended."""

    __slots__ = ()


def matches(pattern: str, fault: str) -> Rule:
    """Require that the whole text matches; `fault` is the message otherwise."""
    compiled = re.compile(pattern)
    return Rule((lambda value: None if isinstance(value, str) and compiled.fullmatch(value) else fault,))


def at_most(length: int) -> Rule:
    """Allow at most this many characters."""
    return Rule((lambda value: f"must be at most {length} characters" if len(value) > length else None,))


def exactly(length: int) -> Rule:
    """Require exactly this many characters."""
    return Rule((lambda value: f"must be exactly {length} characters" if len(value) != length else None,))


def between(least: float | None = None, most: float | None = None) -> Rule:
    """Require a number within these inclusive bounds."""

    def check(value: float) -> str | None:
        if least is not None and value < least:
            return f"must be greater than or equal to {least}"
        if most is not None and value > most:
            return f"must be less than or equal to {most}"
        return None

    return Rule((check,))


def one_of(*values: str) -> Rule:
    """Require one of these values."""
    return Rule(
        (lambda value: None if value in values else f"must be one of the following values: {', '.join(values)}",)
    )


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) else f"must be a `string` type, but the final value was: `{value!r}`."


def _email(value: str) -> str | None:
    # The length first: the pattern is slow on very long addresses.
    return None if len(value) <= 1000 and _EMAIL.fullmatch(value) else "must be a valid email"


def _uuid(value: str) -> str | None:
    return None if _UUID.fullmatch(value) else "must be a valid UUID"


def _user_id(value: str) -> str | None:
    return None if value == "me" else _uuid(value)


def _spaces(value: str) -> str | None:
    return "contains spaces" if " " in value else None


def _url(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        valid = bool(parts.scheme) and bool(parts.netloc or parts.path) and " " not in value
    except ValueError:
        valid = False
    return None if valid else "is not a valid URL"


def _base64(value: str) -> str | None:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return "is not valid base64"
    return None


def _sign_in_email(value: str) -> str | None:
    fault = f'must match the following: "/^{_SIGN_IN_EMAIL.pattern}$/"'
    return None if len(value) <= 1000 and _SIGN_IN_EMAIL.fullmatch(value) else fault


TEXT: Final = Rule((_text,))
"""Text, for fields without a description."""
NOT_EMPTY: Final = Rule((lambda value: None if value else "must not be empty",))
EMAIL: Final = Rule((_email,))
SIGN_IN_EMAIL: Final = Rule((_email, _sign_in_email))
"""An email address as required for sign-up and sign-in by email: with a dot in the domain."""
UUID: Final = Rule((_uuid,))
USER_ID: Final = Rule((_user_id,))
"""A UUID, or `me`."""
URL: Final = Rule((_spaces, _url))
BASE64: Final = Rule((_base64,))
COUNTRY: Final = matches("[A-Z]{2}", "must be a 2-letter country code")
CODE: Final = exactly(45)
"""A code that was sent by email."""

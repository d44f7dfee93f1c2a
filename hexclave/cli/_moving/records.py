"""Users, teams and memberships made from rows, and the reasons why the API would refuse them."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from hexclave.cli._moving.reading import Row

Kind: TypeAlias = Literal["user", "team", "membership"]
What: TypeAlias = Literal["users", "teams", "everything"]
Convert: TypeAlias = Callable[[Mapping[str, Any]], "Found"]

MARK: Final = "hexclave_import"
"""The field of `server_metadata` with the run and the row that made a user or team."""
READ_ONLY: Final = ("id", "signed_up_at_millis", "last_active_at_millis", "created_at_millis", "has_password")
"""Fields of exports that the API sets itself."""


class Found(NamedTuple):
    """A converted row."""

    arguments: dict[str, Any]
    """Of `users.create` or `teams.create`; of a membership, `team` and `user`."""
    source: str = ""
    """The id in the file."""
    problems: tuple[str, ...] = ()
    """Reasons why it cannot be imported."""
    losses: tuple[str, ...] = ()
    """Parts of the row that the API does not take; it is imported without them."""


class Record(NamedTuple):
    """A row, converted and checked."""

    row: Row
    kind: Kind
    arguments: dict[str, Any]
    source: str
    problems: tuple[str, ...]
    """Reasons why it would be refused; never with secrets."""
    losses: tuple[str, ...] = ()
    """Parts of the row that are left out."""


_KINDS: Final[Mapping[What, Kind]] = {"users": "user", "teams": "team"}
_TEXTS: Final = ("display_name", "primary_email", "profile_image_url", "country_code", "restricted_by_admin_reason")
_USER: Final[Mapping[str, str]] = {
    **dict.fromkeys((*_TEXTS, "password", "password_hash", "totp_secret_base64"), "text"),
    "restricted_by_admin_private_details": "text",
    **dict.fromkeys(("is_anonymous", "primary_email_verified", "primary_email_auth_enabled"), "boolean"),
    **dict.fromkeys(("restricted_by_admin", "otp_auth_enabled", "passkey_auth_enabled"), "boolean"),
    **dict.fromkeys(("client_metadata", "client_read_only_metadata", "server_metadata"), "json"),
    "risk_scores": "object",
    "oauth_providers": "list",
}
_TEAM: Final[Mapping[str, str]] = {
    **dict.fromkeys(("display_name", "profile_image_url"), "text"),
    **dict.fromkeys(("client_metadata", "client_read_only_metadata", "server_metadata"), "json"),
}
_MEMBERSHIP: Final[Mapping[str, str]] = {"team": "text", "user": "text"}
FIELDS: Final[Mapping[Kind, Mapping[str, str]]] = {"user": _USER, "team": _TEAM, "membership": _MEMBERSHIP}
"""The arguments, and their types."""
_BCRYPT: Final = re.compile(r"\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}")
_EMAIL: Final = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+\.[^\s@<>,;:\".]+")
_TRUTHS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def converted(row: Row, what: What, convert: Convert | None) -> Record:
    """Return the record of a row; without `convert`, its fields are those of the API."""
    fields = row.fields
    if row.problem:
        return _refused(row, _KINDS.get(what, "user"), row.problem)
    if what != "everything":
        kind: Kind = _KINDS[what]
    else:
        tags: list[Kind] = [tag for tag in FIELDS if isinstance(fields.get(tag), dict)]
        if len(fields) != 1 or not tags:
            return _refused(row, "user", 'not one of {"team": {…}}, {"user": {…}} and {"membership": {…}}')
        kind, fields = tags[0], fields[tags[0]]
    try:
        found = _ours(fields, kind) if convert is None else convert(fields)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        # Not the error itself, which may quote a secret of the row.
        return _refused(row, kind, "not in the format of --from")
    problems = (*found.problems, *_problems(kind, found.arguments))
    return Record(row, kind, found.arguments, found.source, problems, found.losses)


def _refused(row: Row, kind: Kind, reason: str) -> Record:
    return Record(row, kind, {}, "", (reason,))


def _ours(fields: Mapping[str, Any], kind: Kind) -> Found:
    types, arguments, problems = FIELDS[kind], dict[str, Any](), list[str]()
    for name, value in fields.items():
        if name in READ_ONLY:
            continue
        if name not in types:
            problems.append(f"unknown field {name[:60]!r}")
        elif value is not None:
            arguments[name] = _typed(types[name], value)
    source = fields.get("id")
    return Found(arguments, source if isinstance(source, str) else "", tuple(problems))


def _typed(kind: str, value: Any) -> Any:
    """A value of a CSV file as its type; what is not of that type stays, and is refused."""
    if not isinstance(value, str) or kind == "text":
        return value
    if kind == "boolean":
        return _TRUTHS.get(value.strip().lower(), value)
    try:
        return json.loads(value)
    except ValueError:
        return value


def _problems(kind: Kind, arguments: Mapping[str, Any]) -> Iterator[str]:
    types = FIELDS[kind]
    wrong = [name for name, value in arguments.items() if not _is(types[name], value)]
    yield from (f"{name} is not {_NAMES[types[name]]}" for name in wrong)
    if wrong:
        return
    if not isinstance(arguments.get("server_metadata", {}), dict):
        yield "server_metadata is not an object, so that the import cannot add its mark"
    if kind == "user":
        yield from _user_problems(arguments)
    elif kind == "team" and not arguments.get("display_name"):
        yield "a team needs a display_name"
    elif kind == "membership":
        yield from (f"a membership needs a {name}" for name in types if not arguments.get(name))


_NAMES: Final = {"text": "text", "boolean": "true or false", "json": "JSON", "object": "an object", "list": "a list"}
_TYPES: Final[Mapping[str, type]] = {"text": str, "boolean": bool, "json": object, "object": dict, "list": list}


def _is(kind: str, value: Any) -> bool:
    return isinstance(value, _TYPES[kind])


def _user_problems(given: Mapping[str, Any]) -> Iterator[str]:
    if not given:
        yield "no field has a value"
    email = given.get("primary_email")
    if email is not None and (not _EMAIL.fullmatch(email) or len(email) > 254):
        yield "primary_email is not an email address"
    if email is None:
        for name in ("primary_email_verified", "primary_email_auth_enabled"):
            if given.get(name):
                yield f"{name} needs a primary_email"
    if len(given.get("display_name", "")) > 256:
        yield "display_name has more than 256 characters"
    if "password" in given and "password_hash" in given:
        yield "password and password_hash exclude each other"
    if not 8 <= len(given.get("password", "8 letters")) <= 70:
        yield "password does not have 8 to 70 characters"
    yield from hash_problems(given.get("password_hash"))
    if (secret := given.get("totp_secret_base64")) is not None:
        try:
            base64.b64decode(secret, validate=True)
        except (binascii.Error, ValueError):
            yield "totp_secret_base64 is not base64"
    if not re.fullmatch("[A-Z]{2}", given.get("country_code", "DE")):
        yield "country_code is not two capital letters"
    image = given.get("profile_image_url", "https://")
    if not image.startswith(("https://", "http://", "data:image/")) or len(image) > 100_000:
        yield "profile_image_url is not a URL, or has more than 100,000 characters"
    if not given.get("restricted_by_admin"):
        for name in ("restricted_by_admin_reason", "restricted_by_admin_private_details"):
            if given.get(name):
                yield f"{name} needs restricted_by_admin"
    for account in given.get("oauth_providers", ()):
        if not isinstance(account, dict) or not all(
            isinstance(account.get(name), str) and account[name] for name in ("id", "account_id")
        ):
            yield "an entry of oauth_providers lacks its id or account_id"


def hash_problems(password_hash: str | None) -> Iterator[str]:
    """Yield the reason why the API would refuse a hash."""
    if password_hash is None:
        return
    found = _BCRYPT.fullmatch(password_hash)
    if found is None:
        yield "password_hash is not bcrypt, the only hash that the API takes"
    elif not 4 <= int(found[1]) <= 16:
        yield f"password_hash has {int(found[1])} rounds; the API takes from 4 to 16"


def marked(record: Record, run: str) -> dict[str, Any]:
    """Return the arguments with the mark of the run, by which a user or team is found whose creation had no reply."""
    mark: dict[str, Any] = {"run": run, "row": record.row.number}
    if record.source:
        mark["id"] = record.source
    return {**record.arguments, "server_metadata": {**record.arguments.get("server_metadata", {}), MARK: mark}}


def keys_of(record: Record) -> Iterable[tuple[str, str]]:
    """Yield what no two records may share."""
    given = record.arguments
    email = given.get("primary_email")
    if record.kind == "user" and email and given.get("primary_email_auth_enabled"):
        yield "primary_email", email.lower()
    if record.kind == "user":
        for account in given.get("oauth_providers", ()):
            yield "oauth_providers", f"{account['id']} {account['account_id']}"
    if record.source:
        yield f"{record.kind} id", record.source

"""API keys of users and teams: rows, key format and views."""

import zlib
from typing import Final, Literal, TypeAlias

import attrs

from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.state.ids import new_id, secret
from hexclave_emulator.state.tables import State, table

Kind: TypeAlias = Literal["user", "team"]

_MARKER: Final = "574ck4u7h"
"""The marker that secret scanners look for."""


@attrs.frozen(kw_only=True)
class ApiKey:
    id: str
    project_id: str
    user_id: str | None = None
    team_id: str | None = None
    """A key belongs to either a user or a team."""
    value: str
    description: str
    is_public: bool
    created_at_millis: int
    expires_at_millis: int | None = None
    manually_revoked_at_millis: int | None = None

    @property
    def kind(self) -> Kind:
        return "team" if self.user_id is None else "user"


API_KEYS: Final = table("api_keys", ApiKey, indexes=("project_id", "user_id", "team_id", "value"))


def key_value(key_id: str, kind: Kind, *, is_public: bool) -> str:
    """Create a secret that contains the key's id, type and a checksum."""
    flags = "3" if is_public else "1"  # bit 0: not from the cloud, bit 1: public
    body = f"{'pk' if is_public else 'sk'}_{secret()}{key_id.replace('-', '')}{kind}{flags}{_MARKER}"
    return f"{body}{zlib.crc32(body.encode()):08x}"


def make_key(state: State, kind: Kind, project_id: str, owner_id: str, given: JsonObject, *, now: int) -> ApiKey:
    """Create a key from the fields of `POST /user-api-keys` or `POST /team-api-keys`."""
    key_id, is_public = new_id(), given.get("is_public", False)
    return state[API_KEYS].insert(
        ApiKey(
            id=key_id,
            project_id=project_id,
            value=key_value(key_id, kind, is_public=is_public),
            description=given["description"],
            is_public=is_public,
            created_at_millis=now,
            expires_at_millis=given["expires_at_millis"] or None,
            user_id=owner_id if kind == "user" else None,
            team_id=owner_id if kind == "team" else None,
        )
    )


def key_view(key: ApiKey, *, whole: bool = False) -> JsonObject:
    """Return the key as lists show it; with `whole`, including its secret, which is shown only once."""
    view: JsonObject = {
        "id": key.id,
        "type": key.kind,
        f"{key.kind}_id": key.team_id if key.user_id is None else key.user_id,
        "description": key.description,
        "is_public": key.is_public,
        "value": key.value if whole else {"last_four": key.value[-4:]},
        "created_at_millis": key.created_at_millis,
    }
    for name in ("expires_at_millis", "manually_revoked_at_millis"):
        if getattr(key, name) is not None:
            view[name] = getattr(key, name)
    return view

"""The data vault: values that arrive encrypted, under hashed keys. The list of stores is a setting."""

from typing import Final

import attrs

from hexclave_emulator.checking.rules import NOT_EMPTY
from hexclave_emulator.domains.projects import project_setting
from hexclave_emulator.messages.exchange import Reply, ok, success
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.routing.routes import SERVER, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table


@attrs.frozen(kw_only=True)
class VaultEntry:
    id: str
    project_id: str
    store_id: str
    hashed_key: str
    encrypted_value: str


VAULT: Final = table("vault_entries", VaultEntry, indexes=("project_id", "hashed_key"))
_KEY: Final = {"body.hashed_key": NOT_EMPTY}


@route("POST", "/data-vault/stores/{id}/get", access=SERVER, rules=_KEY)
def get_value(request: Request, state: State) -> Reply:
    found = _find(request, state)
    if found is None:
        raise known(
            "DATA_VAULT_STORE_HASHED_KEY_DOES_NOT_EXIST",
            store_id=request.params["id"],
            hashed_key=request.body["hashed_key"],
        )
    return ok({"encrypted_value": found.encrypted_value})


@route("POST", "/data-vault/stores/{id}/set", access=SERVER, rules=_KEY)
def set_value(request: Request, state: State) -> Reply:
    found, body = _find(request, state), request.body
    if found is not None:
        state[VAULT].update(found, encrypted_value=body["encrypted_value"])
    else:
        entry = VaultEntry(id=new_id(), project_id=request.project.id, store_id=request.params["id"], **body)
        state[VAULT].insert(entry)
    return success()


def _find(request: Request, state: State) -> VaultEntry | None:
    store_id = request.params["id"]
    if store_id not in (project_setting(request.project, "dataVault.stores") or {}):
        raise known("DATA_VAULT_STORE_DOES_NOT_EXIST", store_id=store_id)
    return state[VAULT].first(project_id=request.project.id, store_id=store_id, hashed_key=request.body["hashed_key"])

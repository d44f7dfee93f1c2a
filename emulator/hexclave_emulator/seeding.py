"""Seed files: the initial contents of an emulator.

project:
  display_name: Example
  settings: {auth.oauth.accountMergeStrategy: raise_error}     # dotted names
users:                                                         # bodies of POST /users
  - {primary_email: ada@example.com, primary_email_auth_enabled: true, password: correct horse}
calls:                                                         # anything else, as the server
  - {method: POST, path: /teams, body: {display_name: Engineers}}
webhooks:                                                      # where events go; without a secret one is made
  - {url: "http://localhost:8000/webhooks", types: [user.created], secret: whsec_ZXhhbXBsZQ==}
"""

import json
from pathlib import Path
from typing import Any

from hexclave.errors import UnsafeUseError
from hexclave_emulator.domains.projects import PROJECTS, change_settings
from hexclave_emulator.domains.seed import Ready
from hexclave_emulator.emulator import Emulator
from hexclave_emulator.messages.exchange import HttpRequest, JsonObject
from hexclave_emulator.webhooks.endpoints import ENDPOINTS, add_endpoint


def plant(emulator: Emulator, file: Path) -> None:
    """Load a seed file into the ready project. Existing users are unchanged.

    Raises:
        ValueError: the file cannot be read, or the API refuses part of it.
    """
    seed = _read(file)
    unknown = seed.keys() - {"project", "users", "calls", "webhooks"}
    if unknown:
        raise ValueError(f"{file}: unknown {', '.join(sorted(unknown))}; a seed has project, users, calls and webhooks")
    if emulator.ready is None:
        raise ValueError(f"{file}: this emulator has no ready project to put it into")
    _change_project(emulator, emulator.ready, dict(seed.get("project") or {}), file)
    for number, endpoint in enumerate(seed.get("webhooks") or (), 1):
        _add_endpoint(emulator, emulator.ready, endpoint, f"{file}: webhook {number}")
    for number, user in enumerate(seed.get("users") or (), 1):
        call = {"method": "POST", "path": "/users", "body": user}
        _call(emulator, emulator.ready, call, f"{file}: user {number}", allowed=("USER_EMAIL_ALREADY_EXISTS",))
    for number, call in enumerate(seed.get("calls") or (), 1):
        _call(emulator, emulator.ready, call, f"{file}: call {number}")


def _read(file: Path) -> JsonObject:
    try:
        content = file.read_text("utf-8")
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not UTF-8 text") from error
    found = _parsed(content, file)
    if not isinstance(found, dict):
        raise ValueError(f"{file}: a seed is an object with project, users, calls and webhooks")  # noqa: TRY004 -- about the file
    return found


def _parsed(content: str, file: Path) -> Any:
    if file.suffix == ".json":
        try:
            return json.loads(content)
        except ValueError as error:
            raise ValueError(f"{file} is not JSON: {error}") from error
    import yaml  # only seeds need it

    try:
        return yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise ValueError(f"{file} is not YAML: {error}") from error


def _change_project(emulator: Emulator, ready: Ready, wanted: JsonObject, file: Path) -> None:
    unknown = wanted.keys() - {"display_name", "settings"}
    if unknown:
        raise ValueError(f"{file}: unknown {', '.join(sorted(unknown))}; a project has display_name and settings")
    with emulator.transaction() as state:
        project = change_settings(state, emulator.project(ready.project_id), wanted.get("settings") or {})
        if "display_name" in wanted:
            state[PROJECTS].update(project, display_name=str(wanted["display_name"]))


def _add_endpoint(emulator: Emulator, ready: Ready, wanted: Any, where: str) -> None:
    if not isinstance(wanted, dict) or not {"url"} <= wanted.keys() <= {"url", "types", "secret"}:
        raise ValueError(f"{where} needs a url, and may have types and a secret")
    with emulator.transaction() as state:
        if any(each.url == wanted["url"] for each in state[ENDPOINTS].where(project_id=ready.project_id)):
            return
        try:
            add_endpoint(
                state,
                ready.project_id,
                str(wanted["url"]),
                types=wanted.get("types") or (),
                secret=wanted.get("secret"),
            )
        except (ValueError, UnsafeUseError) as error:
            raise ValueError(f"{where}: {error}") from error


def _call(emulator: Emulator, ready: Ready, call: Any, where: str, *, allowed: tuple[str, ...] = ()) -> None:
    if not isinstance(call, dict) or not {"method", "path"} <= call.keys() <= {"method", "path", "body"}:
        raise ValueError(f"{where} needs a method and a path, and may have a body")
    headers = {
        "x-stack-access-type": "server",
        "x-stack-project-id": ready.project_id,
        "x-stack-secret-server-key": ready.secret_server_key,
        "content-type": "application/json",
    }
    content = json.dumps(call.get("body", {})).encode()
    reply = emulator.handle(HttpRequest(call["method"], f"/api/v1{call['path']}", headers=headers, content=content))
    if reply.status >= 400 and reply.headers.get("x-stack-known-error") not in allowed:
        raise ValueError(f"{where} was refused: {reply.status} {reply.content.decode('utf-8', 'replace')}")

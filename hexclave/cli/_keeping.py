"""Storage for the keys and tokens of profiles: the keyring of the operating system, or files of mode 0600."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from hexclave.cli._exits import Exit, Failure
from hexclave.cli._files import folder, read_private, write_private
from hexclave_api.secret import Secret

if TYPE_CHECKING:
    from hexclave.tokens import TokenStore

Keeping: TypeAlias = Literal["keyring", "file"]

SERVICE: Final = "hexclave-py"


def usual_keeping() -> Keeping:
    """Return where new keys and tokens go: the keyring if the package `keyring` finds a usable one."""
    try:
        import keyring
        from keyring.backends import fail, null
    except ImportError:
        return "file"
    backend = keyring.get_keyring()
    if isinstance(backend, fail.Keyring | null.Keyring) or backend.priority <= 0:
        return "file"
    return "keyring"


def load_keys(profile: str, keeping: Keeping) -> Mapping[str, Secret]:
    """Return the keys of a profile, by the names of the apps' arguments."""
    content = _from_keyring(f"{profile}: keys") if keeping == "keyring" else read_private(_keys_file(profile))
    if content is None:
        return {}
    try:
        return {str(name): Secret(text) for name, text in json.loads(content).items()}
    except (ValueError, TypeError, AttributeError):
        del content
    raise Failure(f"The keys of the profile {profile} are damaged.", Exit.LOCAL, "Add them again: profile add.")


def save_keys(profile: str, keeping: Keeping, keys: Mapping[str, Secret]) -> None:
    """Replace the keys of a profile; without keys, the stored ones are removed."""
    content = json.dumps({name: secret.reveal() for name, secret in keys.items()})
    if keeping == "keyring":
        _to_keyring(f"{profile}: keys", content if keys else None)
    elif keys:
        write_private(_keys_file(profile), content.encode())
    else:
        _keys_file(profile).unlink(missing_ok=True)


def session_store(profile: str, keeping: Keeping) -> "TokenStore":
    """Return the store of the tokens of a profile's session."""
    if keeping == "keyring":
        from hexclave.cli._keyring import KeyringTokenStore

        return KeyringTokenStore(SERVICE, f"{profile}: session")
    from hexclave.tokens import FileTokenStore

    return FileTokenStore(folder() / "sessions" / f"{profile}.json")


def _keys_file(profile: str) -> Path:
    return folder() / "keys" / f"{profile}.json"


def _from_keyring(name: str) -> bytes | None:
    from hexclave.cli._keyring import get

    text = get(SERVICE, name)
    return None if text is None else text.encode()


def _to_keyring(name: str, text: str | None) -> None:
    from hexclave.cli._keyring import put

    put(SERVICE, name, text)

"""Profiles: which project a command is about, and with which keys.

A profile is one of: those in `config.toml`, `environment` (the variables), and `emulator` (whichever runs on its usual
port). Nothing is mixed: a key from the environment never goes to the project of another profile.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import attrs

from hexclave.cli._exits import Exit, Failure
from hexclave.cli._files import folder, write_private
from hexclave.cli._keeping import Keeping, load_keys
from hexclave_api.operation import AccessType
from hexclave_api.secret import Secret

ENVIRONMENT: Final = "environment"
EMULATOR: Final = "emulator"
EMULATOR_URL: Final = "http://127.0.0.1:8102"
KEYS: Final[Mapping[AccessType, str]] = {
    "server": "secret_server_key",
    "admin": "super_secret_admin_key",
    "client": "publishable_client_key",
}
NAMES: Final = (
    "PROJECT_ID",
    "PUBLISHABLE_CLIENT_KEY",
    "SECRET_SERVER_KEY",
    "SUPER_SECRET_ADMIN_KEY",
    "API_URL",
)
"""Of environment variables, after `HEXCLAVE_` or `STACK_`."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SETTINGS: Final = ("project_id", "api_url", "app_url", "kept_in")


@attrs.frozen
class Profile:
    """A project and the credentials for it."""

    name: str
    project_id: str
    api_url: str | None = None
    app_url: str | None = None
    """The web app whose page confirms logins."""
    keys: Mapping[str, Secret] = attrs.field(factory=dict)
    """By the names of the apps' arguments."""
    kept_in: Keeping = "file"
    """The place of keys and tokens."""

    def holds(self, access: AccessType) -> bool:
        """Return whether calls of this access type are possible."""
        return access == "client" or KEYS[access] in self.keys


@attrs.define
class Config:
    """The content of `config.toml`."""

    default: str | None = None
    profiles: dict[str, dict[str, str]] = attrs.field(factory=dict)

    @staticmethod
    def path() -> Path:
        return folder() / "config.toml"

    @classmethod
    def load(cls) -> "Config":
        """Read the file; an absent one has no profiles.

        Raises:
            Failure: it is damaged.
        """
        try:
            content = tomllib.loads(cls.path().read_text("utf-8"))
        except FileNotFoundError:
            return cls()
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Failure(f"{cls.path()} is not valid TOML: {error}", Exit.LOCAL) from None
        profiles: Any = content.get("profiles", {})
        if not isinstance(profiles, dict) or not all(_is_profile(each) for each in profiles.values()):
            known = ", ".join(_SETTINGS)
            raise Failure(f"{cls.path()}: a profile needs a project_id, and only text values: {known}.", Exit.LOCAL)
        return cls(content.get("default"), profiles)

    def save(self) -> None:
        """Write the file at once."""
        import tomli_w

        content: dict[str, Any] = {} if self.default is None else {"default": self.default}
        write_private(self.path(), tomli_w.dumps({**content, "profiles": self.profiles}).encode())


def _is_profile(value: object) -> bool:
    return (
        isinstance(value, dict)
        and "project_id" in value
        and all(name in _SETTINGS and isinstance(text, str) for name, text in value.items())
    )


def check_name(name: str) -> str:
    """Return the name of a new profile.

    Raises:
        Failure: it is not one.
    """
    if not _NAME.fullmatch(name) or name in (ENVIRONMENT, EMULATOR):
        problem = (
            "is built in" if name in (ENVIRONMENT, EMULATOR) else "may only contain letters, digits, dots, - and _"
        )
        raise Failure(f"The name of the profile {problem}: {name}", Exit.USAGE)
    return name


def chosen_name(given: str | None, config: Config) -> str:
    """Return the name of the profile to use: as given, `HEXCLAVE_PROFILE`, the environment's, or the default.

    Raises:
        Failure: there is none.
    """
    name = given or os.environ.get("HEXCLAVE_PROFILE")
    if name:
        return name
    if variable("PROJECT_ID"):
        return ENVIRONMENT
    if config.default is not None:
        return config.default
    raise Failure(
        "No project is configured.",
        Exit.SIGNED_OUT,
        "Set HEXCLAVE_PROJECT_ID and a key, or run hexclave-py profile add, or pass --profile emulator.",
    )


def load(given: str | None) -> Profile:
    """Return the profile to use.

    Raises:
        Failure: there is none with this name, or the environment contradicts itself.
    """
    config = Config.load()
    name = chosen_name(given, config)
    if name == ENVIRONMENT:
        return from_environment()
    if name == EMULATOR and name not in config.profiles:
        return from_emulator()
    if name not in config.profiles:
        known = ", ".join([*config.profiles, ENVIRONMENT, EMULATOR])
        raise Failure(f"There is no profile {name}.", Exit.USAGE, f"Profiles: {known}")
    settings = config.profiles[name]
    kept_in = cast(Keeping, settings.get("kept_in", "file"))
    return Profile(
        name,
        settings["project_id"],
        settings.get("api_url"),
        settings.get("app_url"),
        load_keys(name, kept_in),
        kept_in,
    )


def variable(name: str) -> str | None:
    """Return `HEXCLAVE_<name>` or `STACK_<name>`; an empty one counts as unset.

    Raises:
        Failure: both are set to different values.
    """
    ours, older = os.environ.get(f"HEXCLAVE_{name}") or None, os.environ.get(f"STACK_{name}") or None
    if ours and older and ours != older:
        raise Failure(f"HEXCLAVE_{name} and STACK_{name} have different values.", Exit.USAGE, "Unset one of them.")
    return ours or older


def from_environment() -> Profile:
    """Return the profile that the environment variables describe.

    Raises:
        Failure: they contradict each other, or name no project.
    """
    found = {name.lower(): variable(name) for name in NAMES}
    project_id = found["project_id"]
    if project_id is None:
        raise Failure("HEXCLAVE_PROJECT_ID is not set.", Exit.USAGE)
    keys = {name: Secret(text) for name in KEYS.values() if (text := found[name]) is not None}
    return Profile(ENVIRONMENT, project_id, found["api_url"], os.environ.get("HEXCLAVE_APP_URL") or None, keys)


def from_emulator() -> Profile:
    """Return the project of the emulator that runs on this machine.

    Raises:
        Failure: none runs.
    """
    from hexclave.cli._asking import ask_json

    try:
        ready = ask_json("GET", f"{EMULATOR_URL}/_emulator/api/project")
    except Failure as failure:
        raise Failure(f"No emulator answers at {EMULATOR_URL}.", Exit.NETWORK, "hexclave-py emulator") from failure
    keys = {name: Secret(ready[name]) for name in KEYS.values()}
    return Profile(EMULATOR, ready["project_id"], EMULATOR_URL, EMULATOR_URL, keys)

"""`profile list|add|use|remove`."""

from collections.abc import Mapping

import attrs
import click

from hexclave.cli._exits import Exit, Failure
from hexclave.cli._files import folder
from hexclave.cli._keeping import load_keys, save_keys, session_store, usual_keeping
from hexclave.cli._output import note, print_items
from hexclave.cli._profiles import EMULATOR, ENVIRONMENT, Config, Profile, check_name, chosen_name, load, variable
from hexclave.cli._state import common_options, profile_names
from hexclave.cli._values import SecretType
from hexclave_api.secret import Secret, SecretText


@click.group("profile")
def profile_command() -> None:
    """Profiles: projects and their keys.

    Two are built in: `environment` for the variables HEXCLAVE_PROJECT_ID and so on, and `emulator` for the emulator on
    this machine. Project IDs and addresses are in config.toml; keys and tokens are in the keyring of the operating
    system or in files that only you can read.
    """


@attrs.frozen
class Row:
    """A profile in the list."""

    name: str
    default: bool
    project_id: str | None
    api_url: str | None
    kept_in: str | None


@profile_command.command("list", params=common_options(("json",)))
def list_profiles() -> None:
    """List the profiles."""
    config = Config.load()
    try:
        chosen = chosen_name(None, config)
    except Failure:
        chosen = ""
    rows = [
        Row(name, name == chosen, each["project_id"], each.get("api_url"), each.get("kept_in"))
        for name, each in config.profiles.items()
    ]
    if (project_id := variable("PROJECT_ID")) is not None:
        rows.append(Row(ENVIRONMENT, chosen == ENVIRONMENT, project_id, variable("API_URL"), None))
    rows.append(Row(EMULATOR, chosen == EMULATOR, None, None, None))
    print_items(rows)


@profile_command.command("add")
@click.argument("name")
@click.option("--project-id", required=True, help="ID of the project.")
@click.option("--api-url", help="Base URL of a self-hosted API, without /api/v1.")
@click.option("--app-url", help="The web app that confirms logins, such as https://app.example.com.")
@click.option("--publishable-client-key", help="The publishable client key, which is not secret.")
@click.option("--secret-server-key", type=SecretType(), help="The secret server key; allows --as server.")
@click.option("--super-secret-admin-key", type=SecretType(), help="The super secret admin key; allows --as admin.")
def add_profile(
    name: str, project_id: str, api_url: str | None, app_url: str | None, **keys: SecretText | None
) -> None:
    """Add a profile, or change one: other keys are unchanged.

    The first one becomes the default.
    """
    added = stored(name, project_id=project_id, api_url=api_url, app_url=app_url, keys=keys)
    where = "the keyring" if added.kept_in == "keyring" else str(folder())
    note(f"Added {added.name}; its keys are in {where}.")


def stored(
    name: str, *, project_id: str, api_url: str | None, app_url: str | None, keys: Mapping[str, SecretText | None]
) -> Profile:
    """Add a profile or change it, and return it.

    Raises:
        Failure: the name is not one for a profile.
        UnsafeUseError: a key is of another kind, or the URL cannot be one.
    """
    from hexclave import credentials
    from hexclave._base_url import checked_base_url

    checked = {
        argument: credentials.checked(credentials.as_secret(text), argument)
        for argument, text in keys.items()
        if text is not None
    }
    credentials.project_id(project_id)
    if api_url is not None:
        api_url = checked_base_url(api_url, allow_insecure_http=False)
    config = Config.load()
    settings = dict(config.profiles.get(check_name(name), {}))
    kept_in = "file" if settings.get("kept_in") == "file" else usual_keeping()
    if settings.get("project_id") not in (None, project_id):
        settings = {}
        kept: Mapping[str, Secret] = {}
    else:
        kept = load_keys(name, kept_in)
    settings |= {"project_id": project_id, "kept_in": kept_in}
    settings |= {key: value for key, value in (("api_url", api_url), ("app_url", app_url)) if value is not None}
    save_keys(name, kept_in, {**kept, **checked})
    config.profiles[name] = settings
    config.default = config.default or name
    config.save()
    return load(name)


@profile_command.command("use")
@click.argument("name", shell_complete=profile_names)
def use_profile(name: str) -> None:
    """Make a profile the default."""
    config = Config.load()
    if name != EMULATOR and name not in config.profiles:
        raise Failure(f"There is no profile {name}.", Exit.USAGE, "hexclave-py profile list")
    config.default = name
    config.save()


@profile_command.command("remove")
@click.argument("name", shell_complete=profile_names)
def remove_profile(name: str) -> None:
    """Remove a profile with its keys and tokens. Its session is not ended; run logout first for that."""
    config = Config.load()
    if name not in config.profiles:
        raise Failure(f"There is no profile {name}.", Exit.USAGE, "hexclave-py profile list")
    kept_in = load(name).kept_in
    save_keys(name, kept_in, {})
    session_store(name, kept_in).save(None)
    del config.profiles[name]
    if config.default == name:
        config.default = next(iter(config.profiles), None)
    config.save()

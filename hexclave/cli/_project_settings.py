"""The settings of a project as dotted names with values, and what a change writes to the API.

Permissions, email templates and themes, sign-up rules and products are settings too. Those of the layer `environment`
are read and written, which is what the dashboard changes. Defaults are left out, except for emails: their templates and
themes are there to be edited.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

from hexclave.cli._exits import Exit, Failure
from hexclave.errors import HexclaveError
from hexclave_api.secret import Secret

if TYPE_CHECKING:
    from hexclave import HexclaveAdminApp

Settings: TypeAlias = Mapping[str, Any]
"""Values by dotted name, such as `auth.allowSignUp`; those of the project itself have no dot."""

LAYER: Final = "environment"
PROJECT: Final = ("display_name", "description", "is_production_mode")
"""Fields of the project that are no settings of its configuration."""
EMAILS: Final = ("emails.themes", "emails.templates")
_COLLECTIONS: Final = (
    *EMAILS,
    "auth.oauth.providers",
    "auth.signUpRules",
    "apps.installed",
    "customDashboards",
    "dataVault.stores",
    "domains.trustedDomains",
    "payments.items",
    "payments.productLines",
    "payments.products",
    "rbac.permissions",
)
"""Settings with entries by ID. A new entry is written as a whole, as the dashboard does."""
_NAME: Final = re.compile(r"[A-Za-z0-9_$:-]+")
_SECRET: Final = re.compile(
    r"secret|password|passphrase|token|connection_?strings?|private_?key|api_?key$", re.IGNORECASE
)
_CREDENTIALS: Final = re.compile(r"\w://[^/\s@]*:[^/\s@]+@")


@attrs.frozen
class Remote:
    """The settings of a project on the server."""

    settings: Settings
    """Without secrets."""
    secrets: tuple[str, ...]
    """Names of secret settings."""
    override: Mapping[str, Any]
    """The layer as it is stored, with secrets."""


@attrs.frozen
class Change:
    """A difference of one setting."""

    setting: str
    action: Literal["add", "change", "remove"]
    before: Any = None
    after: Any = None


def fetch(app: "HexclaveAdminApp") -> Remote:
    """Return the settings of the app's project.

    GET /internal/projects/current, /internal/config, /internal/config/override/environment.
    """
    project, override = app.project.get(), app.config.get_override(LAYER)
    effective = flattened(app.config.get())
    settings = {name: value for name in PROJECT if (value := getattr(project, name)) is not None}
    found = {name: value for name, value in flattened(override).items() if not _inside(name, *EMAILS)}
    found |= {name: value for name, value in effective.items() if _inside(name, *EMAILS) and value != {}}
    secrets = tuple(sorted(name for name, value in found.items() if is_secret(name, value)))
    settings |= {name: value for name, value in found.items() if name not in secrets}
    return Remote(settings, secrets, override)


def is_secret(name: str, value: object) -> bool:
    """Return whether the value must not be in a file."""
    if isinstance(value, Secret):
        return True
    if isinstance(value, Mapping):
        return any(is_secret(f"{name}.{key}", item) for key, item in value.items())
    if isinstance(value, list):
        return any(is_secret(name, item) for item in value)
    if not isinstance(value, str):
        return False
    # The last name alone: IDs of products and permissions may have such words.
    return bool(_CREDENTIALS.search(value) or _SECRET.search(name.rpartition(".")[2]))


def flattened(layer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values by dotted name. Later keys replace what earlier ones set at, above or below their name."""
    found: dict[str, Any] = {}
    for key, value in layer.items():
        _put(found, key, value)
    return found


def _put(settings: dict[str, Any], key: str, value: object) -> None:
    for name in [name for name in settings if _inside(name, key) or _inside(key, name)]:
        del settings[name]
    settings.update(_leaves(key, value))


def _leaves(name: str, value: object) -> Iterator[tuple[str, Any]]:
    # Where a key has a dot or is no name, such as in metadata, the object is one value.
    if isinstance(value, Mapping) and value and all(_NAME.fullmatch(key) and key != "$json" for key in value):
        for key, item in value.items():
            yield from _leaves(f"{name}.{key}", item)
    else:
        yield name, value


def nested(settings: Settings) -> dict[str, Any]:
    """Return the values as objects in objects."""
    found: dict[str, Any] = {}
    for name in sorted(settings):
        *parents, last = name.split(".")
        inner = found
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = settings[name]
    return found


def _inside(name: str, *outer: str) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in outer)


def compared(before: Settings, after: Settings) -> list[Change]:
    """Return the changes that lead from one to the other, sorted by name."""
    found = []
    for name in sorted({*before, *after}):
        if name not in before:
            found.append(Change(name, "add", after=after[name]))
        elif name not in after:
            found.append(Change(name, "remove", before[name]))
        # As JSON: to Python, 1, 1.0 and True are the same.
        elif json.dumps(before[name], sort_keys=True) != json.dumps(after[name], sort_keys=True):
            found.append(Change(name, "change", before[name], after[name]))
    return found


def changed_layer(remote: Remote, wanted: Settings, changes: list[Change]) -> dict[str, Any]:
    """Return the layer after the changes. Secrets stay as long as there is something beside them."""
    before = flattened(remote.override)
    after = dict(before)
    for change in changes:
        if entry := _email_entry(change.setting):
            # Completely, since the server does not merge entries with defaults; null hides a default.
            kept = {name: value for name, value in wanted.items() if _inside(name, entry)}
            _put(after, entry, None)
            for name, value in kept.items():
                _put(after, name, value)
        elif change.action == "remove":
            after.pop(change.setting, None)
        else:
            _put(after, change.setting, change.after)
    for name in remote.secrets:
        parent = name.rpartition(".")[0]
        if name in after and _public(before, parent, remote) and not _public(after, parent, remote):
            del after[name]
    return _laid_out(remote.override, after)


def _email_entry(name: str) -> str:
    return next((".".join(name.split(".")[:3]) for each in EMAILS if name.startswith(f"{each}.")), "")


def _public(settings: Settings, parent: str, remote: Remote) -> bool:
    return any(_inside(name, parent) and name not in remote.secrets for name in settings)


def _laid_out(old: Mapping[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings under the keys of the old layer: a key replaces everything below it in other layers."""
    groups: dict[str, dict[str, Any]] = {}
    for name, value in settings.items():
        groups.setdefault(_key(old, name), {})[name] = value
    found: dict[str, Any] = {}
    for key in sorted(groups):
        if key in groups[key]:
            found[key] = groups[key][key]
        else:
            found[key] = nested({name[len(key) + 1 :]: value for name, value in groups[key].items()})
    return found


def _key(old: Mapping[str, Any], name: str) -> str:
    known = [key for key in old if _inside(name, key)]
    if known:
        return max(known, key=len)
    outer = next((each for each in _COLLECTIONS if name.startswith(f"{each}.")), None)
    return name if outer is None else ".".join(name.split(".")[: outer.count(".") + 2])


def perform(app: "HexclaveAdminApp", remote: Remote, wanted: Settings, changes: list[Change]) -> None:
    """Apply the changes. Nothing is written if an email cannot be rendered.

    POST /emails/render-email, PATCH /internal/projects/current, PUT /internal/config/override/environment.

    Raises:
        Failure: a step was refused; the message says what was applied.
    """
    _render(app, wanted, changes)
    own = [change for change in changes if change.setting in PROJECT]
    rest = [change for change in changes if change.setting not in PROJECT]
    layer = changed_layer(remote, wanted, rest) if rest else {}
    if rest and app.config.get_override(LAYER) != remote.override:
        raise Failure("The project was changed meanwhile; nothing was applied.", Exit.REFUSED, "Run it again.")
    if own:
        fields: dict[str, Any] = {change.setting: change.after for change in own}
        app.project.update(**fields)
    if rest:
        try:
            app.config.replace_override(LAYER, layer)
        except HexclaveError as error:
            from hexclave.cli._running import exit_of

            applied = ", ".join(change.setting for change in own) or "nothing"
            raise Failure(
                f"{error}\nApplied: {applied}. Not applied: {len(rest)} other changes.",
                exit_of(error),
                "Running it again continues.",
            ) from error


def _render(app: "HexclaveAdminApp", wanted: Settings, changes: list[Change]) -> None:
    for change in changes:
        if change.action == "remove" or not change.setting.endswith(".tsxSource") or not _email_entry(change.setting):
            continue
        try:
            if _inside(change.setting, "emails.templates"):
                app.emails.render(template_tsx_source=change.after, theme_id=False)
            elif sample := next(
                (
                    text
                    for name, text in wanted.items()
                    if name.startswith("emails.templates.") and name.endswith("Source")
                ),
                None,
            ):
                app.emails.render(template_tsx_source=sample, theme_tsx_source=change.after)
        except HexclaveError as error:
            from hexclave.cli._running import exit_of

            raise Failure(f"{change.setting}: {error}\nNothing was applied.", exit_of(error)) from error

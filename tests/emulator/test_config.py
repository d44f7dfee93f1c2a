"""Settings by levels, beyond what recordings show."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave_api.operations.config import (
    get_config,
    get_config_override,
    get_config_source,
    replace_config_override,
    reset_config_override_keys,
    unlink_config_source,
    update_config_override,
)
from hexclave_emulator.domains import settings
from tests.emulator.performing import Cast


def config(cast: Cast) -> dict[str, Any]:
    return dict(json.loads(cast.admin(get_config()).config_string.reveal()))


def change(cast: Cast, changes: dict[str, Any], level: Any = "environment") -> None:
    cast.admin(update_config_override(level, config_override_string=json.dumps(changes)))


def test_later_levels_win(cast: Cast) -> None:
    """The environment takes precedence over the branch, and the branch over the project."""
    for level, value in [("environment", "high"), ("branch", "middle"), ("project", "low")]:
        change(cast, {"dataVault.stores.a.displayName": value}, level)
    assert config(cast)["dataVault"]["stores"] == {"a": {"displayName": "high"}}
    cast.admin(reset_config_override_keys("environment", keys=["dataVault.stores.a"]))
    assert config(cast)["dataVault"]["stores"] == {"a": {"displayName": "middle"}}


def test_a_setting_replaces_those_inside_of_it(cast: Cast) -> None:
    """Setting an object drops what was set below it; omitted settings have their defaults."""
    change(cast, {"payments.items.credits": {"displayName": "Credits"}})
    change(cast, {"payments": {"testMode": False}})
    assert config(cast)["payments"] == settings.DEFAULTS["payments"] | {"testMode": False}


def test_resetting_reaches_into_objects(cast: Cast) -> None:
    """A name inside of an object that was set whole can be reset alone."""
    change(cast, {"teams": {"allowClientTeamCreation": True, "createPersonalTeamOnSignUp": True}})
    cast.admin(reset_config_override_keys("environment", keys=["teams.createPersonalTeamOnSignUp"]))
    assert config(cast)["teams"] == {"allowClientTeamCreation": True, "createPersonalTeamOnSignUp": False}


def test_null_removes_what_holds_by_default(cast: Cast) -> None:
    """Even a template that every project begins with."""
    template = next(iter(settings.DEFAULTS["emails"]["templates"]))
    change(cast, {f"emails.templates.{template}": None})
    assert template not in config(cast)["emails"]["templates"]


def test_replacing_a_level_forgets_the_rest_of_it(cast: Cast) -> None:
    """And only that level."""
    change(cast, {"teams.allowClientTeamCreation": False}, "branch")
    replaced = replace_config_override("branch", config_string='{"users.allowClientUserDeletion": false}')
    assert cast.admin.refused(replaced) == (400, "source is required for branch level config")
    source: Any = {"type": "unlinked"}
    replaced = replace_config_override(
        "branch", config_string='{"users.allowClientUserDeletion": false}', source=source
    )
    cast.admin(replaced)
    override = cast.admin(get_config_override("branch")).config_string.reveal()
    assert json.loads(override) == {"users.allowClientUserDeletion": False}


def test_pushed_settings_know_their_source(cast: Cast) -> None:
    """Until they are unlinked from it."""
    source = {"type": "pushed-from-github", "owner": "example", "repo": "shop"}
    cast.admin(replace_config_override("branch", config_string="{}", source=source))  # type: ignore[arg-type]
    found = cast.admin(get_config_source()).source
    assert (found.type, found.owner, found.repo) == ("pushed-from-github", "example", "shop")
    cast.admin(unlink_config_source())
    assert cast.admin(get_config_source()).source.type == "unlinked"


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "1",
        "[" * 50_000,
        json.dumps({"customDashboards": json.loads("[" * 30 + "]" * 30)}),
        '{"": 1}',
        '{"a..b": 1}',
        '{"teams.": true}',
        '{"teams": {"bogus": true}}',
        '{"auth.oauth.providers": 5}',
        '{"payments.products.a": {"includedItems": {"b": {"quantity": -1}}}}',
        '{"payments.products.a.prices.b.interval": [1, "aeon"]}',
        '{"rbac.permissions.a.scope": "world"}',
    ],
)
def test_invalid_settings_are_refused(cast: Cast, text: str) -> None:
    """In plain text, and nothing changes."""
    before = config(cast)
    status, words = cast.admin.refused(update_config_override("environment", config_override_string=text))
    assert status == 400
    assert words
    assert config(cast) == before


names = st.sampled_from(["a", "b", "c"]).flatmap(
    lambda head: st.lists(st.sampled_from(["a", "b", "c"]), max_size=2).map(lambda rest: ".".join([head, *rest]))
)
values = st.recursive(
    st.integers() | st.booleans(), lambda inner: st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=2)
)


@given(st.dictionaries(names, values), names, values)
def test_the_last_change_is_effective(earlier: dict[str, Any], name: str, value: Any) -> None:
    """Whatever was set before, above or below; after a reset nothing of it is left."""
    overrides = settings.changed({}, "environment", earlier)
    overrides = settings.changed(overrides, "environment", {name: value})
    assert _at(settings.rendered(overrides), name) == value
    overrides = settings.changed(overrides, "environment", {}, without=[name])
    assert _at(settings.rendered(overrides), name) is None


def _at(config: Any, name: str) -> Any:
    for part in name.split("."):
        config = config.get(part) if isinstance(config, dict) else None
    return config

"""`config pull|plan|apply|drift`: a project as a folder of files."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hexclave.cli._exits import Failure
from hexclave.cli._project_files import read_folder, write_folder
from hexclave.cli._project_settings import changed_layer, compared, fetch, flattened, perform
from hexclave.testing import RunningEmulator
from tests.cli.conftest import Run

SECRETS = ("provider-secret", "mail-password", "db-password", "url-password", "metadata-secret")
OVERRIDE: Mapping[str, Any] = {
    "auth.allowSignUp": False,
    "auth.oauth.providers.github": {"type": "github", "clientId": "example", "clientSecret": "provider-secret"},
    "auth.signUpRules.no-spam": {"enabled": True, "condition": "false", "action": {"type": "reject"}},
    "emails.server": {"isShared": False, "host": "mail.example.com", "password": "mail-password"},
    "payments.items.tokens": {"displayName": "Tokens", "customerType": "team"},
    "payments.products.pro": {
        "displayName": "Pro",
        "customerType": "user",
        "productLineId": None,
        "prices": {"monthly": {"USD": "9.50", "interval": [1, "month"]}},
        "clientReadOnlyMetadata": {"apiKey": "metadata-secret"},
        "serverMetadata": {"with.dot": [1, None, 1.5], "$json": "x"},
    },
    "dbSync.externalDatabases.copy": {"connectionString": "postgres://db-password"},
    "domains.trustedDomains.shop": {"baseUrl": "https://me:url-password@example.com", "handlerPath": "/handler"},
}


@pytest.fixture
def project(hx: RunningEmulator) -> Iterator[RunningEmulator]:
    """A project with a bit of everything; afterwards as before."""
    before = hx.snapshot()
    with hx.admin_app() as app:
        app.config.update_override("environment", OVERRIDE)
        app.project_permission_definitions.create("write:posts", description="Write")
        app.team_permission_definitions.create("lead", contained_permission_ids=["team_member"])
        app.project.update(display_name="Shop", description="Sells\nthings")
    yield hx
    hx.restore(before)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def changes(run: Run, command: str, folder: Path, *options: str) -> list[tuple[str, str]]:
    ran = run("config", command, str(folder), "--json", *options)
    assert ran.status in (0, 2), ran.err
    return [(each["action"], each["setting"]) for each in json.loads(ran.out)["changes"]]


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_pull_writes_no_secret(cli: Run, project: RunningEmulator, tmp_path: Path) -> None:
    """Names them in comments; a second pull writes the same bytes."""
    folder = tmp_path / "shop"
    assert cli("config", "pull", str(folder)).status == 0
    found = content(folder)
    for path, text in found.items():
        assert not [each for each in SECRETS if each.encode() in text], path
    assert b"# auth.oauth.providers.github.clientSecret is a secret" in found["auth.toml"]
    assert b'[rbac.permissions."write:posts"]' in found["rbac.toml"]
    assert b'condition = "false"' in found["auth.toml"]
    assert b'displayName = "Tokens"' in found["payments.toml"]
    assert sum(path.endswith(".tsx") for path in found) >= 4
    assert cli("config", "pull", str(folder)).status == 0
    assert content(folder) == found
    assert changes(cli, "plan", folder, "--exit-code") == []


def test_apply_changes_what_the_plan_shows(cli: Run, project: RunningEmulator, tmp_path: Path) -> None:
    """The second time nothing. Secrets stay."""
    folder = tmp_path / "shop"
    cli("config", "pull", str(folder))
    replaced(folder / "project.toml", '"Shop"', '"Store"')
    replaced(folder / "auth.toml", "allowSignUp = false", "allowSignUp = true")
    replaced(folder / "rbac.toml", 'description = "Write"\n', "")
    theme, *_ = sorted((folder / "emails/themes").glob("*.tsx"))
    theme.write_bytes(theme.read_bytes().replace(b"#222", b"#333"))
    expected = [
        ("change", "auth.allowSignUp"),
        ("change", "display_name"),
        ("change", f"emails.themes.{theme.stem}.tsxSource"),
        ("remove", "rbac.permissions.write:posts.description"),
    ]
    assert changes(cli, "plan", folder) == expected
    assert cli("config", "plan", str(folder), "--exit-code").status == 2
    ran = cli("config", "apply", str(folder))
    assert (ran.status, "--yes" in ran.err) == (2, True)
    assert changes(cli, "plan", folder) == expected
    assert changes(cli, "apply", folder, "--yes") == expected
    assert changes(cli, "apply", folder) == []
    with project.admin_app() as app:
        override = app.config.get_override("environment")
        assert flattened(override)["auth.oauth.providers.github.clientSecret"].reveal() == "provider-secret"
        assert app.project.get().display_name == "Store"
        assert "#333" in app.email_themes.get(theme.stem).tsx_source
        assert sorted(each.id for each in app.team_permission_definitions.list() if each.id[0] != "$") == [
            "lead",
            "team_admin",
            "team_member",
        ]
        (write,) = (each for each in app.project_permission_definitions.list() if each.id == "write:posts")
        assert not write.description


def test_removed_files_remove_entries(cli: Run, project: RunningEmulator, tmp_path: Path) -> None:
    """Also templates that every project has, and secrets of what is gone."""
    folder = tmp_path / "shop"
    cli("config", "pull", str(folder))
    template, *_ = sorted((folder / "emails/templates").glob("*.tsx"))
    template.unlink()
    ran = cli("config", "plan", str(folder))
    assert (ran.status, f"emails.templates.{template.stem} has no" in ran.err) == (2, True)
    text = (folder / "emails.toml").read_text("utf-8")
    head = f"[emails.templates.{template.stem}]"
    before, _, after = text.partition(head)
    (folder / "emails.toml").write_text(before + after[after.index("\n[") :], "utf-8")
    (folder / "auth.toml").unlink()
    assert cli("config", "apply", str(folder), "--yes").status == 0
    assert changes(cli, "plan", folder) == []
    with project.admin_app() as app:
        assert template.stem not in {each.id for each in app.email_templates.list()}
        assert not [name for name in flattened(app.config.get_override("environment")) if name.startswith("auth.")]


def test_an_empty_project_becomes_equal(
    cli: Run, hx: RunningEmulator, project: RunningEmulator, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    cli("config", "pull", str(first))
    with hx.admin_app() as app:
        app.config.replace_override("environment", {})
        app.project.update(display_name="Empty", description=None)
    assert cli("config", "apply", str(first), "--yes").status == 0
    assert cli("config", "pull", str(second)).status == 0
    without_comments = [
        {
            path: b"\n".join(line for line in text.splitlines() if line[:1] != b"#")
            for path, text in content(each).items()
        }
        for each in (first, second)
    ]
    for each in without_comments:
        for nothing_but_secrets in ("domains.toml", "dbSync.toml"):
            each.pop(nothing_but_secrets, None)
    assert without_comments[0] == without_comments[1]


def test_drift(cli: Run, project: RunningEmulator, tmp_path: Path) -> None:
    """Since the last pull or apply, whatever the files say."""
    folder = tmp_path / "shop"
    assert cli("config", "drift", str(folder)).status == 2
    cli("config", "pull", str(folder))
    replaced(folder / "project.toml", '"Shop"', '"Store"')
    assert changes(cli, "drift", folder, "--exit-code") == []
    with project.admin_app() as app:
        app.project_permission_definitions.create("read:posts")
    assert ("add", "rbac.permissions.read:posts.scope") in changes(cli, "drift", folder)
    assert cli("config", "drift", str(folder), "--exit-code").status == 2
    ran = cli("config", "pull", str(folder))
    assert (ran.status, "Overwrite" in ran.err) == (2, True)
    assert cli("config", "apply", str(folder), "--yes").status == 0
    assert changes(cli, "drift", folder) == []


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("auth.toml", "a = 1\nb = \nc = 2", "line 2"),
        ("auth.toml", "[emails]\n", "emails does not belong in this file, only [auth]"),
        ("auth.toml", "auth = 1\n", "auth must be a table"),
        ("auth.toml", "[auth.oauth.providers.github]\nclientSecret = 'x'\n", "github.clientSecret is a secret"),
        ("auth.toml", "[auth]\nsince = 2026-01-01\n", "auth.since must be"),
        ("auth.toml", "[auth]\nx = {'$json' = '{'}\n", "not valid JSON"),
        ("auth.toml", b"\xff", "not UTF-8"),
        ("project.toml", "is_production_mode = true\n", "display_name is missing"),
        ("project.toml", "display_name = 'Shop'\nis_production_mode = 1\n", "is_production_mode must be true or false"),
        ("emails/themes/new.tsx", "", "emails.toml has no [emails.themes.new]"),
    ],
)
def test_mistakes_in_files(
    cli: Run, hx: RunningEmulator, tmp_path: Path, file: str, text: str | bytes, message: str
) -> None:
    """Name the file and the line or setting; nothing is sent."""
    (tmp_path / "project.toml").write_text("display_name = 'Shop'\nis_production_mode = false\n", "utf-8")
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = len(hx.requests)
    for command in ("plan", "apply"):
        ran = cli("config", command, str(tmp_path))
        assert ran.status == 2
        assert message in ran.err
        assert str(path) in ran.err
    assert len(hx.requests) == before


def test_folders_that_are_none(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    assert "has other files" in cli("config", "pull", str(tmp_path)).err
    assert "there is no project.toml" in cli("config", "plan", str(tmp_path)).err


def test_nothing_is_applied_if_an_email_is_broken(cli: Run, project: RunningEmulator, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    cli("config", "pull", str(folder))
    template, *_ = sorted((folder / "emails/templates").glob("*.tsx"))
    template.write_text("export function (", "utf-8")
    replaced(folder / "project.toml", '"Shop"', '"Store"')
    ran = cli("config", "apply", str(folder))
    assert (ran.status, template.stem in ran.err, "Nothing was applied" in ran.err) == (1, True, True)
    with project.admin_app() as app:
        assert app.project.get().display_name == "Shop"


def test_a_refusal_in_between(cli: Run, project: RunningEmulator, tmp_path: Path) -> None:
    """Says what was applied; the next run continues."""
    folder = tmp_path / "shop"
    cli("config", "pull", str(folder))
    replaced(folder / "project.toml", '"Shop"', '"Store"')
    replaced(folder / "auth.toml", "allowSignUp = false", "allowSignUp = 5")
    ran = cli("config", "apply", str(folder))
    assert (ran.status, "Applied: display_name. Not applied: 1 other" in ran.err) == (1, True), ran.err
    replaced(folder / "auth.toml", "allowSignUp = 5", "allowSignUp = true")
    assert changes(cli, "apply", folder) == [("change", "auth.allowSignUp")]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
@pytest.mark.parametrize("width", [60, 200])
def test_the_plan_on_a_terminal(cli: Run, project: RunningEmulator, tmp_path: Path, width: int) -> None:
    """In color; a pipe gets none."""
    from tests.cli.terminal import Terminal
    from tests.cli.test_terminal import ESCAPE
    from tests.cli.test_terminal import compared as compared_screen

    folder = tmp_path / "shop"
    cli("config", "pull", str(folder))
    replaced(
        folder / "project.toml",
        '"Shop"',
        '"Shop \\u001b[31mof a long name that no narrow terminal could show in one line"',
    )
    replaced(folder / "auth.toml", "allowSignUp = false\n", "")
    replaced(folder / "rbac.toml", 'description = "Write"', 'description = "Write posts"')
    (folder / "emails/themes/1df07ae6-abf3-4a40-83a5-a1a2cbe336ac.tsx").write_text("export {};\n", "utf-8")
    env = {**project.environment(), "XDG_CONFIG_HOME": str(tmp_path)}
    with Terminal("config", "plan", str(folder), env=env, width=width, height=60) as terminal:
        assert terminal.finish() == 0
        assert f"{ESCAPE}32m" in terminal.output
        assert f"{ESCAPE}31mof" not in terminal.output
        compared_screen(f"plan-{width}", terminal.screen)
    assert ESCAPE not in cli("config", "plan", str(folder)).out


def test_a_change_by_somebody_else(project: RunningEmulator) -> None:
    """Between the plan and the apply: nothing is overwritten."""
    with project.admin_app() as app:
        remote = fetch(app)
        wanted = {**remote.settings, "auth.allowSignUp": True, "display_name": "Store"}
        app.config.update_override("environment", {"apps.installed.neon.enabled": True})
        with pytest.raises(Failure, match="changed meanwhile"):
            perform(app, remote, wanted, compared(remote.settings, wanted))
        assert app.project.get().display_name == "Shop"
        assert flattened(app.config.get_override("environment"))["apps.installed.neon.enabled"] is True


NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
TEXTS = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
LAYERS = st.fixed_dictionaries(
    {},
    optional={
        "auth.allowSignUp": st.booleans(),
        "auth.signUpRules": st.dictionaries(
            NAMES, st.fixed_dictionaries({"displayName": TEXTS, "priority": st.floats(-9, 9) | st.integers(-9, 9)})
        ),
        "rbac": st.fixed_dictionaries(
            {
                "permissions": st.dictionaries(
                    NAMES, st.fixed_dictionaries({"scope": st.just("team"), "description": TEXTS})
                )
            }
        ),
        "payments.products.pro": st.fixed_dictionaries({"displayName": TEXTS, "serverMetadata": JSON}),
        "customDashboards": st.dictionaries(NAMES, JSON, max_size=3),
        "emails.templates": st.dictionaries(
            NAMES, st.fixed_dictionaries({"displayName": TEXTS, "tsxSource": TEXTS}), max_size=2
        ),
    },
)


@settings(
    max_examples=int(os.environ.get("GENERATED_CONFIGURATIONS", "15")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(layer=LAYERS)
def test_generated_configurations_round_trip(hx: RunningEmulator, layer: Mapping[str, Any]) -> None:
    """To files, back, onto an empty project, and to files again."""
    before = hx.snapshot()
    try:
        with hx.admin_app() as app, tempfile.TemporaryDirectory() as name:
            app.config.replace_override("environment", layer)
            remote = fetch(app)
            write_folder(Path(name, "a"), remote.settings, remote.secrets)
            wanted = read_folder(Path(name, "a"))
            assert compared(remote.settings, wanted) == []
            app.config.replace_override("environment", {})
            empty = fetch(app)
            found = compared(empty.settings, wanted)
            app.config.replace_override("environment", changed_layer(empty, wanted, found))
            again = fetch(app)
            assert compared(wanted, again.settings) == []
            write_folder(Path(name, "b"), again.settings, again.secrets)
            assert content(Path(name, "a")) == content(Path(name, "b"))
    finally:
        hx.restore(before)

"""Actions on the page at `/_emulator`, in a real headless browser. Skipped if no Chromium is installed."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from hexclave.testing import RunningEmulator  # noqa: E402
from hexclave_emulator.seeding import plant  # noqa: E402 -- after what may skip the module

Open = Callable[..., Any]
HOSTILE = "<img src=x onerror=alert(1)>\"'`${alert(2)}\u202e</script>"


def expect(found: Any) -> Any:
    return playwright.expect(found)


def press(page: Any, name: str, within: str = "main") -> None:
    page.locator(within).get_by_role("button", name=name, exact=True).first.click()


def submit(page: Any, name: str, said: str) -> None:
    press(page, name, "dialog[open]")
    expect(page.locator("#said")).to_have_text(said)
    expect(page.locator("dialog[open]")).to_have_count(0)


def fill(page: Any, **fields: str) -> None:
    for label, value in fields.items():
        page.locator("dialog[open]").get_by_label(label.replace("_", " "), exact=True).fill(value)


def test_a_user_is_created_changed_and_deleted(hx: RunningEmulator, open_page: Open) -> None:
    """The preview shows each call before it is made; a refusal leaves the dialog open."""
    hx.server_app().users.create(primary_email="taken@example.com", primary_email_auth_enabled=True)
    page = open_page("users")
    press(page, "New user")
    fill(page, Display_name=HOSTILE, Email="ada@example.com", Password="correct horse battery")
    fill(page, Server_metadata='{"plan": "pro"}')
    shown = page.locator("dialog[open] .preview pre")
    expect(shown).to_contain_text("app.users.create(")
    expect(shown).to_contain_text('password="••••••••"')
    submit(page, "Create user", "User created.")
    expect(page.locator("#user h2")).to_have_text(HOSTILE)
    user = next(each for each in hx.server_app().users.list() if each.display_name)
    assert (user.display_name, user.server_metadata) == (HOSTILE, {"plan": "pro"})
    assert page.url.endswith(f"#users/{user.id}")

    press(page, "Edit…")
    fill(page, Display_name="Ada", Email="taken@example.com")
    press(page, "Save", "dialog[open]")
    expect(page.locator("dialog[open] [role=alert]")).to_contain_text("USER_EMAIL_ALREADY_EXISTS")
    fill(page, Email="ada@example.com")
    submit(page, "Save", "User updated.")
    expect(page.locator("#user h2")).to_have_text("Ada")
    assert hx.requests[-1].json == {"display_name": "Ada"}

    press(page, "Delete…")
    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    submit(page, "Delete user", "User deleted.")
    expect(page.locator("#users tbody tr")).to_have_count(1)
    assert hx.server_app().users.find(user.id) is None


def test_the_page_of_a_user_changes_all_that_belongs_to_it(hx: RunningEmulator, open_page: Open) -> None:
    """Channels, sessions, teams, permissions, keys and metadata."""
    app, admin = hx.server_app(), hx.admin_app()
    user = app.users.create(display_name="Ada", primary_email="ada@example.com")
    team = app.teams.create(display_name="Engineers")
    admin.project_permission_definitions.create("read_reports")
    app.sessions.create(user.id)
    page = open_page(f"users/{user.id}")

    page.get_by_role("button", name="Verify: ada@example.com").click()
    expect(page.locator("#said")).to_have_text("Contact channel updated.")
    press(page, "Show the call")
    expect(page.locator("#calls details").first).to_contain_text("app.contact_channels.update(")
    press(page, "Add…")
    fill(page, Email="second@example.com")
    submit(page, "Add", "Contact channel added.")
    page.get_by_role("button", name="Make primary: second@example.com").click()
    page.get_by_role("button", name="Remove ada@example.com").click()
    expect(page.locator("#said")).to_have_text("Contact channel removed.")
    assert [each.value for each in app.contact_channels.list(user.id)] == ["second@example.com"]

    page.get_by_role("button", name=re.compile("^Revoke session")).click()
    expect(page.locator("#user")).to_contain_text("Not signed in anywhere.")
    press(page, "Add to a team…")
    submit(page, "Add", "Added to the team.")
    assert [each.id for each in app.teams.list(user_id=user.id)] == [team.id]
    page.get_by_role("button", name="Remove from Engineers").click()
    expect(page.locator("#user")).to_contain_text("Not a member of any team.")

    press(page, "Grant…")
    submit(page, "Grant", "Permission granted.")
    page.get_by_role("button", name="Revoke read_reports").click()
    expect(page.locator("#user")).to_contain_text("No permissions granted directly.")

    press(page, "Create…")
    fill(page, Description="CI", Days_until_it_expires="2")
    submit(page, "Create", "API key created. The key is in the reply below.")
    created = page.locator("#calls details").first
    created.locator("summary").click()
    key = hx.requests[-1].reply.json()["value"]
    assert key not in page.locator("body").inner_text()
    created.get_by_role("button", name="Show secrets of reply").click()
    expect(created).to_contain_text(key)
    page.get_by_role("button", name="Revoke CI").click()
    expect(page.locator("#user")).to_contain_text("revoked")

    page.get_by_role("button", name="Edit metadata").click()
    fill(page, Client_metadata="{no json")
    press(page, "Save", "dialog[open]")
    assert "not JSON" in page.get_by_label("Client metadata").evaluate("each => each.validationMessage")
    fill(page, Client_metadata='{"a": [1, null]}')
    submit(page, "Save", "Metadata updated.")
    assert app.users.get(user.id).client_metadata == {"a": [1, None]}


def test_signing_in_as_a_user_gives_a_session(hx: RunningEmulator, open_page: Open) -> None:
    """Its tokens are hidden until asked for, and the program with them works."""
    user = hx.server_app().users.create(display_name="Ada", primary_email="ada@example.com")
    page = open_page(f"users/{user.id}")
    press(page, "Sign in as…")
    press(page, "Sign in", "dialog[open]")
    expect(page.locator("dialog[open] h2")).to_have_text("Signed in as Ada")
    tokens = hx.requests[-1].reply.json()
    assert tokens["refresh_token"] not in page.content()
    page.get_by_role("button", name="Show secrets of the program").click()
    python = page.locator("dialog[open] pre").first.inner_text()
    assert tokens["access_token"] in python
    run(hx, python)
    assert (hx.requests[-1].request.path, hx.requests[-1].reply.json()["id"]) == ("/api/v1/users/me", user.id)
    assert tokens["refresh_token"] not in page.url


def test_a_command_line_login_is_confirmed(hx: RunningEmulator, open_page: Open) -> None:
    """The program that waits is signed in as the chosen user."""
    user = hx.server_app().users.create(display_name="Ada", primary_email="ada@example.com")
    program = hx.client_app()
    pending = program.auth.start_cli_login(app_url="http://localhost:3000")
    page = open_page("cli")
    press(page, "Confirm…")
    fill(page, User="ada@")
    expect(page.locator(f"datalist option[value='{user.id}']")).to_have_count(1)
    fill(page, User=user.id)
    submit(page, "Confirm", "Login confirmed. The program is signed in.")
    program.auth.finish_cli_login(pending)
    assert program.me.get().id == user.id
    assert pending.login_code.reveal() not in page.url
    expect(page.locator("#cli .empty")).to_be_visible()


def test_teams_with_their_members_and_permissions(hx: RunningEmulator, open_page: Open) -> None:
    """From the first to the last."""
    app = hx.server_app()
    user = app.users.create(display_name="Ada", primary_email="ada@example.com")
    page = open_page("teams")
    press(page, "New team")
    fill(page, Display_name=HOSTILE)
    submit(page, "Create team", "Team created.")
    expect(page.locator("#team h2")).to_have_text(HOSTILE)
    team = next(iter(app.teams.list()))
    press(page, "Add a member…")
    fill(page, User=user.id)
    submit(page, "Add", "Member added.")
    page.get_by_role("button", name="Grant a permission to Ada").click()
    page.locator("dialog[open] select").select_option("team_admin")
    submit(page, "Grant", "Permission granted.")
    granted = {each.id for each in app.teams.permissions.list(team.id, user_id=user.id, recursive=False)}
    assert granted == {"team_admin", "team_member"}
    page.get_by_role("button", name="Revoke team_admin of Ada").click()
    expect(page.locator("#said")).to_have_text("Permission revoked.")
    press(page, "Edit…")
    fill(page, Display_name="Engineers")
    submit(page, "Save", "Team updated.")
    page.get_by_role("button", name="Remove Ada").click()
    expect(page.locator("#team")).to_contain_text("No members.")
    press(page, "Delete…")
    submit(page, "Delete team", "Team deleted.")
    assert list(app.teams.list()) == []


def test_the_settings_of_the_project(hx: RunningEmulator, open_page: Open) -> None:
    """Only what was changed is sent; permissions are defined and deleted; keys are hidden until asked for."""
    page = open_page("project")
    secret = hx.project.secret_server_key
    assert secret not in page.content()
    press(page, "Show secrets of the environment")
    expect(page.locator("#project pre").first).to_contain_text(secret)
    press(page, "Edit settings…")
    page.get_by_label("People can sign up").uncheck()
    expect(page.locator("dialog[open] .preview pre")).to_contain_text(
        'app.project.update(config={"sign_up_enabled": False})'
    )
    submit(page, "Save", "Settings updated.")
    assert hx.requests[-1].json == {"config": {"sign_up_enabled": False}}
    assert hx.admin_app().project.get().config.sign_up_enabled is False
    page.get_by_role("button", name="Define: Team permissions").click()
    fill(page, Id="read_reports", Contains="$read_members")
    submit(page, "Define", "Permission defined.")
    page.get_by_role("button", name="Delete read_reports").click()
    expect(page.locator("#said")).to_have_text("Permission deleted.")
    page.locator("#project-choice").select_option("internal")
    expect(page.locator("#project")).to_contain_text("Dashboard")


def test_a_request_of_the_log_is_replayed(hx: RunningEmulator, open_page: Open) -> None:
    """Its program and its headers hide the key, and the reply is compared."""
    hx.server_app().users.create(display_name="Ada", primary_email="ada@example.com", primary_email_auth_enabled=True)
    page = open_page()
    page.locator("#requests summary").first.click()
    expect(page.locator("#requests .inside")).to_contain_text("app.users.create(")
    assert hx.project.secret_server_key not in page.content()
    page.get_by_role("button", name="Replay request 1").click()
    expect(page.locator("#said")).to_have_text("Replayed request 1: 409, before: 201.")
    expect(page.locator("#calls summary")).to_contain_text("USER_EMAIL_ALREADY_EXISTS")


def run(hx: RunningEmulator, python: str) -> dict[str, Any]:
    """The program, with an environment that points to the emulator."""
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        variables = {"API_URL": hx.base_url, "PROJECT_ID": hx.project.project_id}
        variables |= {
            name.upper(): getattr(hx.project, name)
            for name in ("publishable_client_key", "secret_server_key", "super_secret_admin_key")
        }
        for name, value in variables.items():
            patch.setenv(f"HEXCLAVE_{name}", value)
        try:
            exec(compile(python, "shown", "exec"), names)
        finally:
            names["app"].close()
    return names


def test_the_programs_of_the_page_do_what_the_page_did(hx: RunningEmulator, open_page: Open) -> None:
    """Those of the views and those of the calls: the same requests arrive."""
    app = hx.server_app()
    user = app.users.create(display_name=HOSTILE, primary_email="ada@example.com")
    team = app.teams.create(display_name="Engineers", creator_user_id=user.id)
    page = open_page("users")
    sent: set[str] = set()
    for section in ("users", f"users/{user.id}", "teams", f"teams/{team.id}", "project"):
        page.goto(f"{hx.base_url}/_emulator#{section}")
        view = f"main > section:visible#{section.split('/')[0].removesuffix('s' if '/' in section else '')}"
        page.locator(f"{view} .python summary").click()
        for python in page.locator(f"{view} .python pre").all_inner_texts():
            run(hx, python)
            assert hx.requests[-1].reply.status == 200
            sent.add(hx.requests[-1].request.path.replace(user.id, "U").replace(team.id, "T").removeprefix("/api/v1/"))
    assert {"users", "users/U", "teams", "teams/T", "auth/sessions", "user-api-keys", "team-permissions"} <= sent

    page.goto(f"{hx.base_url}/_emulator#users/{user.id}")
    press(page, "Edit…")
    fill(page, Display_name="Ada", New_password="correct horse battery")
    submit(page, "Save", "User updated.")
    made = hx.requests[-1].request
    call = page.locator("#calls details").first
    call.locator("summary").click()
    call.get_by_role("button", name="Show secrets of python").click()
    run(hx, call.locator("pre").first.inner_text())
    again = hx.requests[-1].request
    assert (again.method, again.path, json.loads(again.content)) == (made.method, made.path, json.loads(made.content))


def test_thousands_of_users_are_searched_and_paged(hx: RunningEmulator, open_page: Open, tmp_path: Any) -> None:
    """Fifty at a time, newest first, there and back; a search begins on its first page."""
    names = [
        f"{{display_name: 'User {number:04}', primary_email: 'user{number}@example.com'}}" for number in range(5000)
    ]
    seed = tmp_path / "seed.yaml"
    seed.write_text("users:\n" + "".join(f"  - {each}\n" for each in names))
    plant(hx.inner, seed)
    page = open_page("users")
    pager, rows = page.get_by_role("group", name="Pages"), page.locator("#users tbody tr")
    expect(pager).to_contain_text("1 to 50 of 5000")
    expect(rows.first).to_contain_text("User 4999")
    pager.get_by_role("button", name="Next").click()
    expect(pager).to_contain_text("51 to 100 of 5000")
    expect(rows.first).to_contain_text("User 4949")
    pager.get_by_role("button", name="Previous").click()
    expect(rows.first).to_contain_text("User 4999")
    expect(pager.get_by_role("button", name="Previous")).to_be_disabled()
    page.get_by_label("Search").fill("user 123")
    expect(rows).to_have_count(10)
    expect(rows.last).to_contain_text("User 1230")
    page.get_by_label("Search").fill("nobody")
    expect(page.locator("#users .empty")).to_have_text("No user matches.")
    assert "nobody" not in page.url


def test_it_is_worked_with_the_keyboard_alone(hx: RunningEmulator, open_page: Open) -> None:
    """Shortcuts lead to the sections; Escape closes a dialog and the focus returns; typing is no shortcut."""
    hx.server_app().users.create(display_name="Ada")
    page = open_page()
    key = page.keyboard.press
    focused = "document.activeElement.textContent"
    key("g")
    key("u")
    expect(page.locator("#users h2")).to_be_visible()
    key("/")
    page.keyboard.type("nobody")
    expect(page.locator("#users .empty")).to_have_text("No user matches.")
    for _ in "nobody":
        key("Backspace")
    expect(page.locator("#users tbody tr")).to_have_count(1)
    page.get_by_label("Search").evaluate("each => each.blur()")
    key("j")
    assert page.evaluate(focused) == "Ada"
    key("Enter")
    expect(page.locator("#user h2")).to_be_focused()
    key("Tab")
    assert page.evaluate(focused) == "Sign in as…"
    key("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    key("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.evaluate(focused) == "Sign in as…"
    key("e")
    expect(page.locator("dialog[open]").get_by_label("Display name")).to_be_focused()
    key("Control+A")
    page.keyboard.type("Grace")
    key("Enter")
    expect(page.locator("#user h2")).to_have_text("Grace")
    key("?")
    expect(page.locator("dialog[open] h2")).to_have_text("Keyboard shortcuts")
    page.get_by_label("Use single-key shortcuts").uncheck()
    key("Escape")
    key("g")
    key("t")
    expect(page.locator("#user h2")).to_be_visible()


def test_it_fits_a_phone(hx: RunningEmulator, open_page: Open) -> None:
    """360 pixels, in every section and dialog, whatever the names are."""
    app = hx.server_app()
    long = "Wolfeschlegelsteinhausenbergerdorff" * 4
    user = app.users.create(display_name=long, primary_email=f"{'a' * 60}@example.com", server_metadata={long: long})
    team = app.teams.create(display_name=long, creator_user_id=user.id)
    hx.client_app().auth.start_cli_login(app_url="http://localhost:3000")
    hx.client_app().auth.send_sign_in_code(email="kay@example.com", callback_url=f"http://localhost:3000/{long}")
    page = open_page(viewport={"width": 360, "height": 740})
    for section in ("requests", "users", f"users/{user.id}", "teams", f"teams/{team.id}", "sessions", "cli", "mails",
                    "webhooks", "faults", "project"):  # fmt: skip
        page.goto(f"{hx.base_url}/_emulator#{section}")
        kind = section.split("/")[0].removesuffix("s" if "/" in section else "")
        expect(page.locator(f"#{kind} h2")).to_be_visible()
        for summary in page.locator(f"#{kind} summary").all()[:1]:
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") == 360, section
    page.goto(f"{hx.base_url}/_emulator#users/{user.id}")
    press(page, "Edit…")
    box = page.locator("dialog[open]").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_and_dialogs_can_be_read(hx: RunningEmulator, open_page: Open, scheme: str) -> None:
    """Every text has a contrast of 4.5 or more."""
    from tests.emulator.test_page_in_browser import CONTRAST

    app = hx.server_app()
    user = app.users.create(display_name="Ada", primary_email="ada@example.com", server_metadata={"a": 1})
    team = app.teams.create(display_name="Engineers", creator_user_id=user.id)
    app.api_keys.create(user.id, description="CI", expires_at=None)
    page = open_page(f"teams/{team.id}", color_scheme=scheme)
    expect(page.locator("#team h2")).to_be_visible()
    assert page.evaluate(CONTRAST) == []
    page.goto(f"{hx.base_url}/_emulator#users/{user.id}")
    expect(page.locator("#user h2")).to_be_visible()
    assert page.evaluate(CONTRAST) == []
    for opened in ("Edit…", "Sign in as…", "Delete…"):
        press(page, opened)
        expect(page.locator("dialog[open] .preview pre")).to_be_visible()
        assert page.evaluate(CONTRAST) == []
        page.keyboard.press("Escape")

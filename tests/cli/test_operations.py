"""The methods of the apps and the operations of the API as commands."""

import json
from pathlib import Path

import pytest

from hexclave.cli._resources import MethodCommand, ResourceGroup, _bound_resource, _methods, resource_group
from hexclave.cli._resources import resource_summaries as summaries
from hexclave.cli._signatures import Call
from hexclave.cli._state import State
from hexclave.testing import RunningEmulator
from hexclave_api.operations import OPERATIONS
from tests.cli.conftest import Run

NOT_COMMANDS = {
    "users.create_many",
    "users.update_many",
    "users.delete_many",
    "auth.finish_cli_login",
    "auth.finish_oauth",
}
"""They take iterators or objects of a program. `login` is the command of the second last."""


def commands() -> dict[str, MethodCommand]:
    found: dict[str, MethodCommand] = {}

    def walk(group: ResourceGroup, path: str) -> None:
        for name, _ in group.list_own():
            command = group.own_command(name)
            where = f"{path}.{name.replace('-', '_')}"
            if isinstance(command, ResourceGroup):
                walk(command, where)
            else:
                assert isinstance(command, MethodCommand), where
                found[where] = command

    for name in summaries():
        group = resource_group(name, State(), {})
        assert isinstance(group, ResourceGroup)
        walk(group, name)
    return found


def test_every_method_of_every_app_is_a_command() -> None:
    """All but those that only a program can call, which are listed above."""
    found, methods = commands(), set()

    def walk(group: ResourceGroup, path: str) -> None:
        for owner in group._classes.values():
            methods.update(f"{path}.{name}" for name, each in _methods(owner).items() if not _bound_resource(each))
        for name, _ in group.list_own():
            inner = group.own_command(name)
            if isinstance(inner, ResourceGroup):
                walk(inner, f"{path}.{name.replace('-', '_')}")

    for name in summaries():
        group = resource_group(name, State(), {})
        assert isinstance(group, ResourceGroup)
        walk(group, name)
    assert methods - set(found) == NOT_COMMANDS
    assert len(found) > 200


def test_every_operation_is_a_command() -> None:
    assert [name for name, entry in OPERATIONS.items() if Call.of(entry.function) is None] == []


def test_no_option_stands_twice() -> None:
    """Arguments of the API and options of our own have different names."""
    for where, command in commands().items():
        options = [option for each in command.params for option in (*each.opts, *each.secondary_opts)]
        assert len(options) == len(set(options)), where


def test_options_come_from_the_signature_and_help_from_the_docstring(run: Run) -> None:
    ran = run("users", "list", "--help")
    assert ran.status == 0
    assert "--excluded-email-domains TEXT" in ran.out
    assert "Only members of this team." in ran.out
    assert "[last_active_at|signed_up_at]" in ran.out
    assert "Users per page, 1 to 1,000. Default: 100." in ran.out
    assert "GET /users." in ran.out


def test_a_list_in_pages(cli: Run) -> None:
    """The first page, or all of them, as JSON lines."""
    for number in range(5):
        assert cli("users", "create", "--display-name", f"Paged {number}").status == 0
    wanted = ("--query", "Paged", "--limit", "2")
    first = [json.loads(line)["display_name"] for line in cli("users", "list", *wanted).out.splitlines()]
    assert first == ["Paged 0", "Paged 1"]
    assert len(cli("users", "list", *wanted, "--all").out.splitlines()) == 5
    assert len(cli("call", "list-users", *wanted, "--all").out.splitlines()) == 5
    assert len(cli("call", "list_users", *wanted).out.splitlines()) == 2


def test_types_of_values(cli: Run, tmp_path: Path) -> None:
    """Scalars as options, objects as JSON, from files and standard input; `--clear` sends null."""
    file = tmp_path / "metadata.json"
    file.write_text('{"plan": "pro"}')
    made = json.loads(
        cli(
            "users",
            "create",
            "--display-name",
            "Ada",
            "--primary-email",
            "types@example.com",
            "--primary-email-verified",
            "--client-metadata",
            f"@{file}",
            "--server-metadata",
            "-",
            stdin='{"a": [1, null]}',
        ).out
    )
    assert made["client_metadata"] == {"plan": "pro"}
    assert made["server_metadata"] == {"a": [1, None]}
    assert made["primary_email_verified"] is True
    cleared = json.loads(cli("users", "update", made["id"], "--clear", "display-name").out)
    assert cleared["display_name"] is None
    assert cleared["primary_email"] == "types@example.com"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--client-metadata", "{a}"], "'--client-metadata': is not JSON at character 2"),
        (["--client-metadata", "@/no/such/file"], "/no/such/file cannot be read: No such file or directory"),
        (["--primary-email-verified", "--display-name"], "requires an argument"),
        (["--display-name", "a", "--clear", "display-name"], "exclude each other"),
        (["--no-such-option"], "No such option"),
    ],
)
def test_wrong_arguments(cli: Run, hx: RunningEmulator, arguments: list[str], complaint: str) -> None:
    """Exit status 2, and nothing is sent."""
    before = len(hx.requests)
    ran = cli("users", "create", *arguments)
    assert ran.status == 2
    assert complaint in ran.err
    assert len(hx.requests) == before


def test_a_secret_is_not_taken_from_the_command_line(cli: Run, tmp_path: Path) -> None:
    """Only from files, standard input and prompts; the message does not repeat it."""
    ran = cli("users", "create", "--password", "hunter2-hunter2")
    assert (ran.status, "hunter2" in ran.err + ran.out) == (2, False)
    file = tmp_path / "password"
    file.write_text("correct horse battery\n")
    assert cli("users", "create", "--primary-email", "s@example.com", "--password", f"@{file}").status == 0
    ran = cli("users", "create", "--password", "-", stdin="\n")
    assert (ran.status, "is empty" in ran.err) == (2, True)


def test_a_dry_run_shows_the_request_without_secrets(cli: Run, hx: RunningEmulator) -> None:
    before = len(hx.requests)
    ran = cli(
        "users", "create", "--primary-email", "d@example.com", "--password", "-", "--dry-run", stdin="correct horse"
    )
    shown = json.loads(ran.out)
    assert (shown["method"], shown["url"]) == ("POST", f"{hx.base_url}/api/v1/users")
    assert shown["body"] == {"primary_email": "d@example.com", "password": "****e"}
    assert shown["headers"]["x-stack-secret-server-key"].startswith("****")
    assert hx.project.secret_server_key not in ran.out + ran.err
    assert len(hx.requests) == before


def test_secrets_inside_of_a_body_are_masked(cli: Run) -> None:
    """Those that only their names give away."""
    settings = '{"host": "smtp.example.com", "port": 25, "username": "u", "password": "not-to-be-shown"}'
    ran = cli("config", "update-override", "environment", "--dry-run", "--help")
    assert ran.status == 0
    ran = cli("call", "send-test-email", "--help")
    ran = cli(
        "call",
        "send-test-email",
        "--recipient-email",
        "a@example.com",
        "--email-config",
        settings,
        "--dry-run",
    )
    assert ran.status == 0, ran.err
    assert "not-to-be-shown" not in ran.out
    assert "smtp.example.com" in ran.out


def test_a_result_that_is_shown_only_once_is_not_lost(cli: Run, hx: RunningEmulator) -> None:
    """A mask instead of a new key would be of no use: `--reveal` prints it, and without it nothing is sent."""
    user = json.loads(cli("users", "create", "--display-name", "Key owner").out)["id"]
    before = len(hx.requests)
    arguments = ("api-keys", "create", user, "--description", "ci", "--clear", "expires-at")
    refused = cli(*arguments)
    assert (refused.status, len(hx.requests)) == (2, before)
    assert "--reveal" in refused.err
    made = json.loads(cli(*arguments, "--reveal").out)
    assert made["value"].startswith("sk_")


def test_the_access_type_follows_from_the_keys(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Server, then admin, then client; `--as` chooses, wherever it stands."""
    assert json.loads(cli("teams", "list", "--dry-run").out)["headers"]["x-stack-access-type"] == "server"
    as_admin = json.loads(cli("teams", "list", "--dry-run", "--as", "admin").out)
    assert as_admin["headers"]["x-stack-access-type"] == "admin"
    refused = cli("--as", "client", "users", "list")
    assert (refused.status, "use --as server or --as admin" in refused.err) == (2, True)
    monkeypatch.delenv("HEXCLAVE_SECRET_SERVER_KEY")
    monkeypatch.delenv("HEXCLAVE_SUPER_SECRET_ADMIN_KEY")
    missing = cli("users", "list")
    assert missing.status == 3
    assert "HEXCLAVE_SECRET_SERVER_KEY" in missing.err


def test_options_of_another_access_type(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """They belong to the access type of the call, and are refused where it is seen too late."""
    assert "--user-id" in cli("teams", "list", "--help").out
    assert "--user-id" not in cli("--as", "client", "teams", "list", "--help").out
    monkeypatch.setattr("hexclave.cli._root.peeked", lambda _: State())
    ran = cli("teams", "list", "--user-id", "x", "--as", "client")
    assert (ran.status, "Not available as client: --user-id" in ran.err) == (2, True)


def test_bound_resources_take_their_argument_first(cli: Run, hx: RunningEmulator) -> None:
    shown = json.loads(cli("payments", "for-user", "user-1", "list-products", "--dry-run").out)
    assert shown["url"].startswith(f"{hx.base_url}/api/v1/payments/products/user/user-1")


def test_docs_of_commands_and_operations(cli: Run) -> None:
    shown = cli("docs", "teams", "members", "add")
    assert (shown.status, "app.teams.members.add(" in shown.out) == (0, True)
    assert "GET /users" in cli("docs", "list_users").out
    assert cli("docs", "no", "such", "thing").status == 2


def test_open_writes_a_page_without_fetching_anything(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert cli("open", "users", "list").status == 0
    page = Path(opened[0].removeprefix("file://"))
    assert "List users." in page.read_text()
    page.unlink()

"""The scripts in examples/ work as described, run as a reader would: in a separate process, with an environment."""

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from hexclave.testing import emulator
from hexclave_api.operations.cli_auth import complete_cli_login

EXAMPLES = Path(__file__).parents[2] / "examples"
ITEMS = {"payments.items": {"credits": {"displayName": "Credits", "customerType": "user"}}}
STORES = {"dataVault.stores": {"tokens": {"displayName": "Tokens"}}}


@pytest.fixture
def hx():
    with emulator() as hx:
        yield hx


@pytest.fixture
def run(hx, tmp_path):
    def run(name, *arguments, status=0, given="", **environment):
        done = subprocess.run(
            [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, **hx.environment(), **environment},
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    return run


@contextmanager
def running(hx, name, *arguments, **environment):
    """Run the example, and kill it at the end of the block."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, arguments)]
    env = {**os.environ, **hx.environment(), **environment}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def first_url(process):
    return re.search(r"http\S+", process.stdout.readline())[0]


def test_each_example_is_short_and_tested():
    """Except for the demo and the web apps, which have tests of their own."""
    scripts = {path.name for path in EXAMPLES.glob("*.py")} - {"demo.py"}
    scripts = {name for name in scripts if not name.endswith("_app.py")}
    assert len(scripts) >= 10
    tested = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in sorted(scripts) if f'"{name}"' not in tested] == []
    assert [name for name in scripts if len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) > 60] == []


def test_import_users(hx, run, tmp_path):
    """A second run completes the rest, and repeats nothing."""
    table = tmp_path / "users.csv"
    table.write_text(
        "primary_email,display_name\nada@example.com,Ada\nlin@example.com,Lin\n,Nobody\n", encoding="utf-8"
    )
    assert run("import_users.py", "users.csv", status=1).startswith("2 created, 0 existed, 0 skipped, 1 failed\n")
    assert (tmp_path / "users.csv.failed").read_text(encoding="utf-8").startswith(",")
    table.write_text("primary_email,display_name\nada@example.com,Ada\nkay@example.com,Kay\n", encoding="utf-8")
    assert run("import_users.py", "users.csv").startswith("1 created, 0 existed, 2 skipped, 0 failed\n")
    assert (tmp_path / "users.csv.failed").read_text(encoding="utf-8") == ""
    users = {user.primary_email: user.display_name for user in hx.server_app().users.list()}
    assert users == {"ada@example.com": "Ada", "lin@example.com": "Lin", "kay@example.com": "Kay"}
    hx.assert_requested("POST", "/users", times=4)


def test_a_migration_that_is_killed_continues(hx, run, tmp_path):
    """With 2,000 users; set MIGRATED_USERS to change this."""
    count = int(os.environ.get("MIGRATED_USERS", "2000"))
    table = tmp_path / "users.csv"
    rows = "".join(f"user{number}@example.com,User {number}\n" for number in range(count))
    table.write_text(f"primary_email,display_name\n{rows}", encoding="utf-8")
    journal = tmp_path / "users.csv.done"
    with running(hx, "import_users.py", table) as process:
        while not journal.exists() or journal.read_text(encoding="utf-8").count("\n") < count // 2:
            assert process.poll() is None
            time.sleep(0.01)
    done = len(journal.read_text(encoding="utf-8").splitlines())
    report = run("import_users.py", "users.csv")
    created, existed, skipped, failed = map(int, re.findall(r"(\d+) [a-z]+", report.splitlines()[0]))
    assert (created + existed, skipped, failed) == (count - done, done, 0)
    assert existed < 100  # those whose replies were not recorded yet
    assert len({user.primary_email for user in hx.server_app().users.export()}) == count


def test_async_job(hx, run):
    """All calls are in one trace, at the rate that was asked for, and other metadata stays."""
    app = hx.server_app()
    hx.clock.advance(-400 * 24 * 3600)
    for number in range(30):
        app.users.create(display_name=f"User {number}", server_metadata={"plan": "pro"})
    hx.clock.advance(400 * 24 * 3600)
    app.users.create(display_name="Ada")
    hx.fail_next(429, headers={"retry-after": "0.1"})
    spans = [json.loads(line) for line in run("async_job.py", "--per-second", 50).splitlines()]
    (job,) = (each for each in spans if each["name"] == "mark dormant users")
    assert {each["context"]["trace_id"] for each in spans} == {job["context"]["trace_id"]}
    names = [each["name"] for each in spans]
    assert names.count("hexclave.update_user") == 30
    assert names.count("GET /api/v1/users") == 2  # the first one was answered with 429
    seconds = datetime.fromisoformat(job["end_time"]) - datetime.fromisoformat(job["start_time"])
    assert seconds.total_seconds() > (32 - 5) / 50
    assert [user.server_metadata for user in app.users.list()] == [{"plan": "pro", "dormant": True}] * 30 + [None]


def test_export_users(hx, run):
    app = hx.server_app()
    for name in ("Ada", 'Lin "the engine", Ltd'):
        app.users.create(display_name=name)
    rows = list(csv.DictReader(io.StringIO(run("export_users.py"))))
    assert [row["display_name"] for row in rows] == ["Ada", 'Lin "the engine", Ltd']
    assert datetime.fromisoformat(rows[0]["signed_up_at"]).tzinfo is not None


def test_invite_team(hx, run):
    said = run("invite_team.py", "Engines", "http://localhost:3000/join", "ada@example.com", "lin@example.com")
    assert said.count("invited") == 2
    assert [mail.to for mail in hx.outbox] == ["ada@example.com", "lin@example.com"]


def test_cli_login(hx, run, tmp_path):
    opened = tmp_path / "opened"
    file = {"SESSION_FILE": str(tmp_path / "session.json"), "BROWSER": f"sh -c 'echo \"$0\" > {opened}' %s"}
    run("cli_login.py", "whoami", status=1, **file)
    browser = hx.client_app()
    browser.auth.sign_up_with_password(email="ada@example.com", password="correct horse battery")
    with running(hx, "cli_login.py", "login", **file) as process:
        url = first_url(process)
        code = url.rpartition("login_code=")[2]
        refresh_token = browser.auth.get_refresh_token()
        browser.call(complete_cli_login(login_code=code, refresh_token=refresh_token, mode="complete"))
        assert "ada@example.com" in process.stdout.read()
        assert process.wait() == 0
    assert opened.read_text(encoding="utf-8").strip() == url
    assert "ada@example.com" in run("cli_login.py", "whoami", **file)
    browser.teams.create(display_name="Engines")
    assert "Engines\n" in run("cli_login.py", "teams", **file)
    run("cli_login.py", "logout", **file)
    run("cli_login.py", "whoami", status=1, **file)


def test_fastapi_app():
    """Its own tests, as a reader would run them."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "examples/test_fastapi_app.py"]
    done = subprocess.run(command, cwd=EXAMPLES.parent, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


def test_rotate_api_keys(hx, run):
    """The key that expires soon is replaced, the other one is not."""
    app, now = hx.server_app(), datetime.now(UTC)
    ada = app.users.create(primary_email="ada@example.com")
    ending = app.api_keys.create(ada.id, description="laptop", expires_at=now + timedelta(days=3))
    lasting = app.api_keys.create(ada.id, description="server", expires_at=now + timedelta(days=60))
    (line,) = run("rotate_api_keys.py", ada.id).splitlines()
    description, value = line.split(": ")
    assert description == "laptop"
    assert app.users.get_by_api_key(value).id == ada.id
    assert app.users.find_by_api_key(ending.value) is None
    assert app.users.get_by_api_key(lasting.value).id == ada.id
    assert run("rotate_api_keys.py", ada.id) == ""


def test_send_campaign(hx, run, tmp_path):
    app = hx.server_app()
    for name in ("ada", "lin"):
        app.users.create(primary_email=f"{name}@example.com", primary_email_verified=True)
    (tmp_path / "campaign.html").write_text("<p>Engines 2.0 are here.</p>", encoding="utf-8")
    assert run("send_campaign.py", "Engines 2.0", "campaign.html") == "sent: 2\n"
    assert {(mail.to, mail.subject) for mail in hx.outbox} == {
        ("ada@example.com", "Engines 2.0"),
        ("lin@example.com", "Engines 2.0"),
    }


def test_meter_item(hx, run):
    """Failed work costs nothing, and without credits nothing is done."""
    hx.admin_app().config.update_override("environment", ITEMS)
    app = hx.server_app()
    ada = app.users.create(primary_email="ada@example.com")
    customer = app.payments.for_user(ada.id)
    customer.increase_item_quantity("credits", 5)
    assert "worked" in run("meter_item.py", ada.id, "credits", 3, "--", "echo", "worked")
    assert customer.get_item("credits").quantity == 2
    run("meter_item.py", ada.id, "credits", 2, "--", "false", status=1)
    assert customer.get_item("credits").quantity == 2
    assert "worked" not in run("meter_item.py", ada.id, "credits", 3, "--", "echo", "worked", status=1)


def test_vault(hx, run):
    hx.admin_app().config.update_override("environment", STORES)
    secret = {"VAULT_SECRET": "not a real secret"}
    run("vault.py", "set", "tokens", "ada", given="s3cr3t", **secret)
    assert run("vault.py", "get", "tokens", "ada", **secret) == "s3cr3t"
    assert run("vault.py", "get", "tokens", "ada", status=1, VAULT_SECRET="another") == ""


def test_clean_up_anonymous(hx, run):
    for _ in range(3):
        hx.client_app(allow_anonymous=True).auth.sign_up_anonymously()
    hx.server_app().users.create(display_name="Ada")
    assert run("clean_up_anonymous.py", 30, "--delete").startswith("0 anonymous")
    assert run("clean_up_anonymous.py", 0).startswith("3 anonymous")
    assert run("clean_up_anonymous.py", 0, "--delete").endswith("3 deleted\n")
    assert [user.display_name for user in hx.server_app().users.export()] == ["Ada"]


def test_webhooks_to_sqlite(hx, tmp_path):
    app, path = hx.server_app(), tmp_path / "users.db"
    secret = hx.webhook_secret
    text = secret if isinstance(secret, str) else secret.reveal()
    with running(hx, "webhooks_to_sqlite.py", path, 0, HEXCLAVE_WEBHOOK_SECRET=text) as process:
        hx.send_webhooks_to(first_url(process))
        ada = app.users.create(primary_email="ada@example.com", display_name="Ada")
        lin = app.users.create(primary_email="lin@example.com", display_name="Lin")
        app.users.update(ada.id, display_name="Ada Lovelace")
        app.users.delete(lin.id)
        hx.wait_for_webhooks()
    with sqlite3.connect(path) as table:
        rows = dict(table.execute("SELECT id, name FROM users"))
    table.close()
    assert rows == {ada.id: "Ada Lovelace"}


def test_prometheus_metrics(hx):
    """The dashboard names metrics and labels that the example exports, and each of its queries finds something."""
    browser = hx.client_app()
    browser.auth.sign_up_with_password(email="ada@example.com", password="correct horse battery")
    headers = {"x-stack-access-token": browser.auth.get_access_token().reveal()}
    with running(hx, "prometheus_metrics.py") as process:
        url = first_url(process)
        with httpx.Client(base_url=url, trust_env=False) as client:
            assert client.get("/").status_code == 401
            assert client.get("/", headers=headers).text.startswith("Hello")
            hx.fail_next(429, path="/api/v1/users", headers={"retry-after": "1"})
            assert client.get("/", headers=headers).status_code == 200
            hx.fail_next(500, path="/api/v1/users")
            assert client.get("/", headers=headers).status_code == 500
            exported = client.get("/metrics").text
    labels = {}
    for name, pairs in re.findall(r"^([a-z_]+)\{(.*)\} ", exported, re.MULTILINE):
        labels.setdefault(name, set()).update(re.findall(r'([a-z_]+)="', pairs))
    panels = json.loads((EXAMPLES / "grafana" / "hexclave.json").read_text(encoding="utf-8"))["panels"]
    used = set()
    for panel in panels:
        for target in panel["targets"]:
            names = re.findall(r"[a-z_]+_(?:bucket|count|sum)\b", target["expr"])
            wanted = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"by \((.*?)\)", target["expr"]))))
            wanted |= set(re.findall(r"[{,]\s*([a-z_]+)\s*!?=", target["expr"]))
            assert names
            assert wanted <= set.union(*(labels[name] for name in names)), panel["title"]
            assert set(re.findall(r"{{(.*?)}}", target["legendFormat"])) <= wanted
            used |= {name.rpartition("_")[0] for name in names}
    families = {name.rpartition("_")[0] for name in labels if name.startswith(("http_client_", "hexclave_"))}
    assert used == families, "each metric is shown"
    for text in ("ada@example.com", *headers.values(), browser.me.get().id):
        assert text not in exported

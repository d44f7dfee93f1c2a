"""`import` and `export` against the emulator: nothing is lost, nothing is created twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hexclave.cli._moving.journal import Journal, place
from hexclave.cli._moving.records import MARK
from hexclave.testing import RunningEmulator, emulator
from tests.cli.conftest import Run

HASH = "$2b$10$abcdefghijklmnopqrstuuJ8gx4yVJkjm1LPlYqDq4n8oTgXc5fYa"
TOTP = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="
KILLS = int(os.environ.get("HEXCLAVE_KILLS", "2"))
"""`HEXCLAVE_KILLS=20 pytest tests/cli/test_moving.py -k killed` is the long run."""


@pytest.fixture
def hx() -> Iterator[RunningEmulator]:
    with emulator() as running:
        yield running


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in rows))
    return path


def users_of(hx: RunningEmulator) -> list[dict[str, Any]]:
    return [user.to_dict(reveal=True) for user in hx.server_app().users.export()]


def row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"old-{number}",
        "primary_email": f"u{number}@example.com",
        "primary_email_auth_enabled": True,
        **more,
    }


def test_every_argument_arrives_and_the_journal_has_no_secret(cli: Run, hx: RunningEmulator, tmp_path: Path) -> None:
    given = row(
        1,
        display_name="Ada",
        primary_email_verified=True,
        password_hash=HASH,
        totp_secret_base64=TOTP,
        client_metadata={"plan": "pro"},
        server_metadata={"note": 1},
        oauth_providers=[{"id": "github", "account_id": "7", "email": "ada@example.com"}],
    )
    ran = cli("import", "users", str(written(tmp_path / "users.jsonl", [given])))
    assert ran.status == 0, ran.err
    result = json.loads(ran.out)
    assert (result["created"], result["failed"], result["incomplete"]) == (1, 0, 0)
    [user] = users_of(hx)
    assert user["has_password"]
    assert user["requires_totp_mfa"]
    assert user["primary_email_verified"]
    assert user["client_metadata"] == {"plan": "pro"}
    assert user["server_metadata"] == {"note": 1, MARK: {"run": result["run"], "row": 1, "id": "old-1"}}
    assert user["oauth_providers"] == [{"id": "github", "account_id": "7", "email": "ada@example.com"}]
    kept = b"".join(each.read_bytes() for each in place(result["run"]).parent.iterdir())
    assert HASH.encode() not in kept
    assert TOTP.encode() not in kept
    assert place(result["run"]).stat().st_mode & 0o777 == 0o600 or sys.platform == "win32"


BAD = [
    ({"primary_email": "nobody"}, "primary_email is not an email address"),
    ({"primary_email_verified": True}, "primary_email_verified needs a primary_email"),
    (row(2, display_name="x" * 257), "display_name has more than 256 characters"),
    (row(3, password="short"), "password does not have 8 to 70 characters"),
    (row(4, password_hash="$argon2id$v=19$m=65536$aaaa$bbbb"), "password_hash is not bcrypt"),
    (row(5, password_hash=HASH.replace("$10$", "$17$")), "password_hash has 17 rounds"),
    (row(6, totp_secret_base64="!"), "totp_secret_base64 is not base64"),
    (row(7, primary_mail="typo"), "unknown field 'primary_mail'"),
    (row(8, server_metadata=[1]), "server_metadata is not an object"),
    (row(9, primary_email_verified="perhaps"), "primary_email_verified is not true or false"),
    (row(10, oauth_providers=[{"id": "github"}]), "lacks its id or account_id"),
    (row(11, country_code="Germany"), "country_code is not two capital letters"),
    (row(1, id="other"), "primary_email as on line 1"),
    ({"id": "old-99"}, "no field has a value"),
    ("{broken", "not valid JSON"),
    ("[1]", "not a JSON object"),
]


def test_a_dry_run_reports_every_bad_row_and_sends_nothing(cli: Run, hx: RunningEmulator, tmp_path: Path) -> None:
    file = written(tmp_path / "users.jsonl", [row(1), *(bad for bad, _ in BAD)])
    ran = cli("import", "users", str(file), "--dry-run")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.status == 1
    assert [each["line"] for each in found] == list(range(2, len(BAD) + 2))
    for each, (_, reason) in zip(found, BAD, strict=True):
        assert reason in each["reason"]
        assert each["refused"]
    assert HASH[8:] not in ran.out
    assert users_of(hx) == []
    assert cli("import", "runs").out == ""


def test_the_report_of_failures_can_be_corrected_and_fed_back(cli: Run, hx: RunningEmulator, tmp_path: Path) -> None:
    rows = [row(1, password_hash=HASH), row(2, display_name="x" * 300), row(1), "{broken"]
    ran = cli("import", "users", str(written(tmp_path / "users.jsonl", rows)))
    assert ran.status == 1
    report = Path(json.loads(ran.out)["failures"])
    failed = [json.loads(line) for line in report.read_text().splitlines()]
    assert [each["_refused"]["line"] for each in failed] == [2, 3, 4]
    assert "already exists" in failed[1]["_refused"]["reason"]
    assert report.stat().st_mode & 0o777 == 0o600 or sys.platform == "win32"
    failed[0]["display_name"] = "Short"
    again = cli("import", "users", str(written(tmp_path / "again.jsonl", failed)))
    assert json.loads(again.out)["created"] == 1
    assert {user["primary_email"] for user in users_of(hx)} == {"u1@example.com", "u2@example.com"}


def test_a_user_whose_reply_was_lost_is_not_created_again(cli: Run, hx: RunningEmulator, tmp_path: Path) -> None:
    """As after kill -9 between the call and its note: with and without an address, before and after the call."""
    rows = [{"display_name": f"U{number}", "totp_secret_base64": TOTP} for number in range(3)]
    ran = cli("import", "users", str(written(tmp_path / "users.jsonl", rows)))
    run = json.loads(ran.out)["run"]
    [lost, absent, _] = sorted(users_of(hx), key=lambda user: user["display_name"])
    hx.server_app().users.delete(absent["id"])
    hx.server_app().users.update(lost["id"], totp_secret_base64=None)
    with Journal(run) as journal:
        for number in (1, 2):
            journal.forget(number)
        journal.begin(((number, "user", "") for number in (1, 2)), 0)
    resumed = cli("import", "resume", run)
    assert json.loads(resumed.out)["created"] == 3, resumed.err
    found = users_of(hx)
    assert Counter(user["display_name"] for user in found) == Counter(["U0", "U1", "U2"])
    assert lost["id"] in {user["id"] for user in found}
    assert all(user["requires_totp_mfa"] for user in found)


def test_a_lost_reply_is_looked_up_before_the_row_counts_as_failed(
    cli: Run, hx: RunningEmulator, tmp_path: Path
) -> None:
    hx.fail_next(500, method="POST", path="/api/v1/users", times=1)
    ran = cli("import", "users", str(written(tmp_path / "users.jsonl", [row(1), row(2)])))
    result = json.loads(ran.out)
    assert (ran.status, result["created"], result["failed"]) == (1, 1, 1)
    assert "500" in Path(result["failures"]).read_text()


def test_a_run_stops_when_the_key_is_refused_and_resumes(cli: Run, hx: RunningEmulator, tmp_path: Path) -> None:
    file = written(tmp_path / "users.jsonl", [row(number) for number in range(50)])
    hx.fail_next(401, method="POST", path="/api/v1/users", times=50, body={"code": "X", "error": "no"})
    ran = cli("import", "users", str(file))
    assert ran.status == 1
    hx.inner.faults.clear()
    run = ran.err.split()[1].rstrip(".")
    file.write_text(file.read_text() + "\n")
    assert "has changed since" in cli("import", "resume", run).err
    file.write_text(file.read_text()[:-1])
    assert json.loads(cli("import", "resume", run).out)["created"] == 50
    assert len(users_of(hx)) == 50


def test_undo_deletes_what_the_run_created_alone(cli: Run, hx: RunningEmulator, tmp_path: Path) -> None:
    hx.server_app().users.create(display_name="Before")
    run = json.loads(cli("import", "users", str(written(tmp_path / "u.jsonl", [row(1), row(2)]))).out)["run"]
    assert cli("import", "undo", run, stdin="n\n").status == 130
    assert len(users_of(hx)) == 3
    assert json.loads(cli("import", "undo", run, "--yes").out) == {"run": run, "deleted": 2, "failed": 0}
    assert [user["display_name"] for user in users_of(hx)] == ["Before"]


def test_only_one_process_works_on_a_run(cli: Run, tmp_path: Path) -> None:
    run = json.loads(cli("import", "users", str(written(tmp_path / "u.jsonl", [row(1)]))).out)["run"]
    with Journal(run):
        other = subprocess.run(
            [sys.executable, "-m", "hexclave", "import", "resume", run], check=False, capture_output=True, text=True
        )
    assert other.returncode == 5
    assert "Another process" in other.stderr
    assert "There is no run" in cli("import", "resume", "../run").err


def test_a_killed_import_loses_nothing_and_repeats_nothing(cli: Run, hx: RunningEmulator, tmp_path: Path) -> None:
    count = 200 * (KILLS + 1)
    # Slow enough to be killed in the middle.
    hx.fail_next(method="POST", path="/api/v1/users", delay=0.03, times=10**6)
    secret = {"totp_secret_base64": TOTP}
    rows = [{"display_name": f"U{number}", **(secret if number % 7 == 0 else {})} for number in range(count)]
    file = written(tmp_path / "users.jsonl", rows)
    command, run, kills = ["users", str(file)], "", 0
    while True:
        process = subprocess.Popen(
            [sys.executable, "-m", "hexclave", "import", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        line = process.stderr.readline()
        run = run or line.split()[1].rstrip(".")
        command = ["resume", run]
        if kills < KILLS:
            # Past the wait of a resumed run, into the calls.
            before = len(users_of(hx))
            while process.poll() is None and len(users_of(hx)) < before + 20:
                time.sleep(0.02)
            time.sleep(random.uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
            kills += 1
            assert process.wait() == -signal.SIGKILL, "it was complete before it could be killed"
            process.communicate()
            continue
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert json.loads(out)["created"] == count
        break
    found = users_of(hx)
    assert Counter(user["display_name"] for user in found) == Counter(each["display_name"] for each in rows)
    for user in found:
        assert user["requires_totp_mfa"] == (int(user["display_name"][1:]) % 7 == 0)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_users_make_the_round_trip(cli: Run, hx: RunningEmulator, tmp_path: Path, form: str) -> None:
    app = hx.server_app()
    app.users.create(
        display_name='Ada "the", first\nof 東京',
        primary_email="ada@example.com",
        primary_email_verified=True,
        primary_email_auth_enabled=True,
        client_metadata={"list": [1, None, "true"]},
        server_metadata={"deep": {"er": 1.5}},
        country_code="GB",
        oauth_providers=[{"id": "github", "account_id": "7", "email": None}],
    )
    app.users.create(is_anonymous=True)
    app.users.create(display_name="true", restricted_by_admin=True, restricted_by_admin_reason="spam")
    exported = [exported_rows(cli, hx, tmp_path / f"one.{form}", form)]
    for user in list(app.users.export()):
        app.users.delete(user.id)
    ran = cli("import", "users", str(tmp_path / f"one.{form}"), "--from", form)
    assert ran.status == 0, ran.out + ran.err
    exported.append(exported_rows(cli, hx, tmp_path / f"two.{form}", form))
    assert len(exported[0]) == 3
    assert exported[0] == exported[1]


TIMES = ("id", "signed_up_at_millis", "last_active_at_millis", "created_at_millis")


def exported_rows(cli: Run, hx: RunningEmulator, path: Path, form: str) -> list[dict[str, Any]]:
    ran = cli("export", "users", str(path), "--format", form)
    assert json.loads(ran.out) == {"file": str(path), "rows": len(users_of(hx))}, ran.err
    from hexclave.cli._moving.reading import Source

    rows = [{name: value for name, value in each.fields.items() if name not in TIMES} for each in Source(path)]
    return sorted(rows, key=lambda each: each.get("display_name", ""))


def test_everything_makes_the_round_trip(cli: Run, hx: RunningEmulator, tmp_path: Path) -> None:
    app = hx.server_app()
    users = [app.users.create(display_name=f"U{number}") for number in range(4)]
    for number in range(3):
        team = app.teams.create(display_name=f"T{number}", client_metadata={"number": number})
        for user in users[: number + 1]:
            app.teams.members.add(team.id, user.id)
    ran = cli("export", "everything", str(tmp_path / "all.jsonl"))
    assert json.loads(ran.out)["rows"] == 3 + 4 + 6, ran.err
    before = memberships(hx)
    for old in list(app.users.export()):
        app.users.delete(old.id)
    for each in list(app.teams.list()):
        app.teams.delete(each.id)
    assert cli("import", "everything", str(tmp_path / "all.jsonl"), "--dry-run").status == 0
    imported = cli("import", "everything", str(tmp_path / "all.jsonl"))
    assert json.loads(imported.out)["created"] == 13, imported.err
    assert memberships(hx) == before
    assert {team.display_name: team.client_metadata for team in app.teams.list()}["T2"] == {"number": 2}
    run = json.loads(imported.out)["run"]
    assert json.loads(cli("import", "undo", run, "--yes").out)["deleted"] == 13
    assert memberships(hx) == set()


def test_bad_lines_of_everything_are_reported(cli: Run, tmp_path: Path) -> None:
    lines = [{"users": {}}, "{broken", {"team": {}}, {"membership": {"team": "t1", "user": "u1"}}]
    ran = cli("import", "everything", str(written(tmp_path / "all.jsonl", lines)), "--dry-run")
    reasons = [json.loads(line)["reason"] for line in ran.out.splitlines()]
    assert [reason[:12] for reason in reasons] == [
        "not one of {",
        "not valid JS",
        "a team needs",
        "no team befo",
        "no user befo",
    ]
    failed = cli("import", "everything", str(tmp_path / "all.jsonl"))
    assert json.loads(failed.out)["failed"] == 4


def memberships(hx: RunningEmulator) -> set[tuple[str, str | None]]:
    app = hx.server_app()
    return {
        (team.display_name, user.display_name) for team in app.teams.list() for user in app.users.list(team_id=team.id)
    }


def test_an_interrupted_export_continues(cli: Run, hx: RunningEmulator, tmp_path: Path) -> None:
    app = hx.server_app()
    ids = [app.users.create(display_name=f"U{number}").id for number in range(1100)]
    out = tmp_path / "out.jsonl"
    assert cli("export", "users", str(out)).status == 0
    whole = out.read_bytes()
    first = whole.splitlines(keepends=True)[:1000]
    # As after kill -9: a block that is recorded, and half of the next one.
    (tmp_path / "out.jsonl.partial").write_bytes(b"".join(first) + b'{"id": "half')
    state = {
        "project_id": hx.project.project_id,
        "what": "users",
        "format": "jsonl",
        "phase": 0,
        "last": json.loads(first[-1])["id"],
        "size": sum(map(len, first)),
        "rows": 1000,
    }
    (tmp_path / "out.jsonl.resume").write_text(json.dumps(state))
    out.unlink()
    assert "is of another export" in cli("export", "teams", str(out)).err
    assert json.loads(cli("export", "users", str(out)).out)["rows"] == 1100
    assert out.read_bytes() == whole
    assert sorted(each.name for each in tmp_path.glob("out*")) == ["out.jsonl"]
    (tmp_path / "out.jsonl.partial").write_bytes(b"".join(first))
    (tmp_path / "out.jsonl.resume").write_text(json.dumps(state))
    app.users.delete(next(each for each in ids if each == state["last"]))
    assert "has been deleted" in cli("export", "users", str(out)).err

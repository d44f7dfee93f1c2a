"""The pytest fixtures, as used by a project that installed the SDK."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(folder: Path, source: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of a separate project, with this plugin and no other installed one."""
    (folder / "test_project.py").write_text(source)
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "hexclave.pytest_plugin", *options]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100)


def passed(done: subprocess.CompletedProcess[str], count: int) -> bool:
    assert done.returncode == 0, done.stdout + done.stderr
    return f"{count} passed" in done.stdout


def test_the_package_announces_the_plugin() -> None:
    """Fixtures are there without any line in a conftest."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"hexclave": "hexclave.pytest_plugin"}


def test_a_run_that_asks_for_no_fixture_pays_for_none(tmp_path: Path) -> None:
    """Neither the emulator nor the SDK's apps are imported."""
    source = """
import sys

def test_nothing_is_loaded():
    loaded = {name for name in sys.modules if name.startswith(("hexclave.", "hexclave_api", "uvicorn", "httpx"))}
    assert loaded <= {"hexclave.pytest_plugin", "hexclave._version"}
"""
    assert passed(run(tmp_path, source), 1)


def test_all_apps_of_a_test_are_of_one_emulator(tmp_path: Path) -> None:
    """Each with the keys of its access type."""
    source = """
import hexclave
from hexclave_api.operations.users import create_user, get_user

def test_apps(hexclave_emulator, hexclave_client_app, hexclave_server_app, hexclave_admin_app):
    user = hexclave_server_app.call(create_user(primary_email="ada@example.com"))
    assert hexclave_admin_app.call(get_user(user.id)).id == user.id
    hexclave_client_app.auth.sign_up_with_password(email="lin@example.com", password="correct horse battery")
    assert len(hexclave_emulator.webhooks) == 2

def test_environment(hexclave_environment, hexclave_emulator):
    with hexclave.HexclaveServerApp() as app:
        app.call(create_user())
    hexclave_emulator.assert_requested("POST", "/users", times=1)
"""
    assert passed(run(tmp_path, source), 2)


ISOLATED = """
import pytest
from hexclave_api.operations.users import create_user, list_users

@pytest.mark.parametrize("number", range(12))
def test_no_other_user_is_present(hexclave_emulator, hexclave_server_app, number):
    assert hexclave_server_app.call(list_users()).items == ()
    hexclave_server_app.call(create_user(primary_email="ada@example.com", primary_email_auth_enabled=True))
    hexclave_emulator.fail_next(503, times=100)
    hexclave_emulator.clock.advance(1e6)
"""


def test_tests_do_not_see_one_another(tmp_path: Path) -> None:
    """Users, faults and clocks of one test are gone in the next."""
    assert passed(run(tmp_path, ISOLATED), 12)


def test_tests_may_run_in_parallel(tmp_path: Path) -> None:
    """In several processes at once: every emulator takes a free port."""
    assert passed(run(tmp_path, ISOLATED, "-p", "xdist", "-n", "2"), 12)


def test_asynchronous_apps_work_with_the_plugin_of_anyio(tmp_path: Path) -> None:
    """Their connections end with the event loop, without a warning."""
    source = """
import pytest
from hexclave_api.operations.users import create_user, get_current_user

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_apps(async_hexclave_client_app, async_hexclave_server_app, async_hexclave_admin_app):
    assert (await async_hexclave_server_app.call(create_user(display_name="Ada"))).display_name == "Ada"
    await async_hexclave_admin_app.call(create_user())
    await async_hexclave_client_app.auth.sign_up_with_password(email="a@example.com", password="correct horse battery")
    assert (await async_hexclave_client_app.call(get_current_user())).primary_email == "a@example.com"
"""
    assert passed(run(tmp_path, source, "-p", "anyio.pytest_plugin"), 1)


def test_asynchronous_apps_work_in_loops_of_the_tests_own(tmp_path: Path) -> None:
    """Also in two loops, one after the other."""
    source = """
import asyncio
from hexclave_api.operations.users import create_user

def test_apps(async_hexclave_server_app):
    for _ in range(2):
        asyncio.run(async_hexclave_server_app.call(create_user()))
"""
    assert passed(run(tmp_path, source), 1)


def test_the_documented_fixtures_are_all_there(tmp_path: Path) -> None:
    """With a sentence each in the list that pytest prints."""
    done = run(tmp_path, "", "--fixtures")
    names = {line.split(" ")[0] for line in done.stdout.splitlines() if "hexclave" in line and " -- " in line}
    kinds = ("client", "server", "admin")
    wanted = {"hexclave_emulator", "hexclave_environment", *(f"hexclave_{kind}_app" for kind in kinds)}
    assert names == wanted | {f"async_hexclave_{kind}_app" for kind in kinds}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ('"DELETE", "/users"', "DELETE /api/v1/users was expected at least once and seen 0 times. Requests:"),
        ('"POST", "/users", times=2', "POST /api/v1/users was expected 2 times and seen 1 times."),
        ('"POST", "/users", times=0', "  POST /api/v1/users -> 201"),
    ],
)
def test_a_missing_request_is_reported_with_those_received(tmp_path: Path, arguments: str, complaint: str) -> None:
    """So that the failure explains itself."""
    source = f"""
from hexclave_api.operations.users import create_user

def test_requests(hexclave_emulator, hexclave_server_app):
    hexclave_server_app.call(create_user(display_name="Ada"))
    assert hexclave_emulator.assert_requested("POST", "/users")[0].json == {{"display_name": "Ada"}}
    assert hexclave_emulator.assert_requested("POST", "/api/v1/users", times=1)
    hexclave_emulator.assert_requested({arguments})
"""
    done = run(tmp_path, source)
    assert done.returncode == 1
    assert complaint in done.stdout

"""The misbehaving server, one process for each process of the tests."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.e2e.calling")

from tests.e2e import calling  # noqa: E402 - rewritten first
from tests.e2e.calling import Server  # noqa: E402

KINDS = {"own": {}, "fast": {"http_client": "fast"}}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever makes apps by `calling` is tested with each kind of connections."""
    if {"blocking", "awaiting"} & vars(metafunc.module).keys():
        metafunc.parametrize("connections", KINDS, indirect=True)


@pytest.fixture(autouse=True)
def connections(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "CONNECTIONS", KINDS[getattr(request, "param", "own")])


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    script = Path(__file__).with_name("misbehaving.py")
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield Server(*map(int, process.stdout.readline().split()))
        process.communicate()  # the end of its standard input ends it
    assert process.returncode == 0


@pytest.fixture(params=["blocking", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    """Whether the blocking or the async app makes the calls."""
    return str(request.param)

"""The misbehaving server, one process per test process."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

pytest.register_assert_rewrite("tests.e2e.calling")

from tests.e2e.calling import Server  # noqa: E402 - rewritten first


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    script = Path(__file__).with_name("misbehaving.py")
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        *ports, authority = process.stdout.readline().split()
        yield Server(*map(int, ports), authority=authority)
        process.communicate()  # closing its standard input ends it
    assert process.returncode == 0


@pytest.fixture(params=["plain", "tls"])
def either(server: Server, request: pytest.FixtureRequest) -> Server:
    """The misbehaving server, called by plain HTTP and by TLS."""
    return attrs.evolve(server, is_secure=request.param == "tls")


@pytest.fixture(params=["blocking", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    """The mode of the app: blocking or async."""
    return str(request.param)

import httpx
import pytest

from tests.integrations.serving import BACKENDS, populated, served


@pytest.fixture(scope="session")
def world():
    """An emulator with users of every kind."""
    with populated() as made:
        yield made


@pytest.fixture(scope="module", params=list(BACKENDS))
def backend(request, world):
    """A client of each example app, which runs in a real server."""
    with (
        served(BACKENDS[request.param], world.emulator) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=20) as client,
    ):
        client.name = request.param
        yield client

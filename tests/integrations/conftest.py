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
    # Threads of one httpx client may close a kept connection that another thread has just been given.
    limits = httpx.Limits(max_keepalive_connections=0)
    with (
        served(BACKENDS[request.param], world.emulator) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=20, limits=limits) as client,
    ):
        client.name = request.param
        yield client

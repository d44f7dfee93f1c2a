import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(monkeypatch):
    """The environment a reader would have set, with a server behind it."""
    monkeypatch.syspath_prepend(ROOT / "examples")
    import loopback

    with loopback.serve() as url:
        for name, value in {
            "HEXCLAVE_PROJECT_ID": loopback.PROJECT_ID,
            "HEXCLAVE_SECRET_SERVER_KEY": loopback.SECRET_SERVER_KEY,
            "HEXCLAVE_PUBLISHABLE_CLIENT_KEY": loopback.PUBLISHABLE_CLIENT_KEY,
            "HEXCLAVE_API_URL": url,
        }.items():
            monkeypatch.setenv(name, value)
        yield url
    sys.modules.pop("loopback", None)

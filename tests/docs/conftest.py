import pytest

from hexclave.testing import emulator


@pytest.fixture
def server(request, monkeypatch):
    """The environment a reader would have set, with an emulator behind it."""
    with emulator(release=getattr(request, "param", "2026-09")) as hx:
        for name, value in hx.environment().items():
            monkeypatch.setenv(name, value)
        yield hx

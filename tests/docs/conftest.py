import pytest

from hexclave.testing import emulator


@pytest.fixture
def server(monkeypatch):
    """The environment a reader would have set, with an emulator behind it."""
    with emulator() as hx:
        for name, value in hx.environment().items():
            monkeypatch.setenv(name, value)
        yield hx

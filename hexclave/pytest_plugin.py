"""Fixtures for pytest: an emulator for each test, and apps that talk to it. Installed with `hexclave[emulator]`.

    def test_sign_up(hexclave_emulator, hexclave_server_app):
        user = hexclave_server_app.call(create_user(primary_email="ada@example.com"))
        hexclave_emulator.assert_requested("POST", "/users")

Each test gets its own emulator with its own port, keys and state, also in parallel runs. The async apps work with any
async test plugin and with `asyncio.run`; their connections are closed when the event loop ends.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hexclave import (
        AsyncHexclaveAdminApp,
        AsyncHexclaveClientApp,
        AsyncHexclaveServerApp,
        HexclaveAdminApp,
        HexclaveClientApp,
        HexclaveServerApp,
    )
    from hexclave.testing import RunningEmulator

__all__ = [
    "async_hexclave_admin_app",
    "async_hexclave_client_app",
    "async_hexclave_server_app",
    "hexclave_admin_app",
    "hexclave_client_app",
    "hexclave_emulator",
    "hexclave_environment",
    "hexclave_server_app",
]


@pytest.fixture
def hexclave_emulator() -> "Iterator[RunningEmulator]":
    """A fresh emulator on a loopback port, stopped after the test."""
    # Imported here because pytest loads this module in every run.
    from hexclave.testing import emulator

    with emulator() as running:
        yield running


@pytest.fixture
def hexclave_environment(hexclave_emulator: "RunningEmulator", monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment variables that connect apps without arguments to the emulator, set during the test."""
    variables = hexclave_emulator.environment()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def hexclave_client_app(hexclave_emulator: "RunningEmulator") -> "HexclaveClientApp":
    """A signed-out client app of the emulator's project."""
    return hexclave_emulator.client_app()


@pytest.fixture
def hexclave_server_app(hexclave_emulator: "RunningEmulator") -> "HexclaveServerApp":
    """A server app of the emulator's project."""
    return hexclave_emulator.server_app()


@pytest.fixture
def hexclave_admin_app(hexclave_emulator: "RunningEmulator") -> "HexclaveAdminApp":
    """An admin app of the emulator's project."""
    return hexclave_emulator.admin_app()


@pytest.fixture
def async_hexclave_client_app(hexclave_emulator: "RunningEmulator") -> "AsyncHexclaveClientApp":
    """A signed-out async client app of the emulator's project."""
    return hexclave_emulator.async_client_app()


@pytest.fixture
def async_hexclave_server_app(hexclave_emulator: "RunningEmulator") -> "AsyncHexclaveServerApp":
    """An async server app of the emulator's project."""
    return hexclave_emulator.async_server_app()


@pytest.fixture
def async_hexclave_admin_app(hexclave_emulator: "RunningEmulator") -> "AsyncHexclaveAdminApp":
    """An async admin app of the emulator's project."""
    return hexclave_emulator.async_admin_app()

"""Schemathesis reads the description and sends valid and invalid requests: the emulator never fails with a 500.

The same requests at every run, a few for each operation, so that the run ends in about a minute.
"""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from hexclave.testing import RunningEmulator, emulator
from hexclave_emulator.checking.description import document
from hexclave_emulator.state.tables import Snapshot

schema = schemathesis.openapi.from_dict(document())


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[RunningEmulator, dict[str, str], Snapshot]]:
    """Yield an emulator with a user, and headers that are accepted everywhere."""
    with emulator(stub=True) as hx:
        client = hx.client_app()
        client.auth.sign_up_with_password(email="ada@example.com", password="correct horse battery")
        headers = {
            "x-stack-access-type": "admin",
            "x-stack-project-id": hx.project.project_id,
            "x-stack-super-secret-admin-key": hx.project.super_secret_admin_key,
            "x-stack-access-token": client.auth.get_access_token().reveal(),
            "x-stack-refresh-token": client.auth.get_refresh_token().reveal(),
        }
        yield hx, headers, hx.snapshot()


@schema.parametrize()
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_request_makes_the_emulator_fail(
    case: schemathesis.Case, served: tuple[RunningEmulator, dict[str, str], Snapshot]
) -> None:
    """Neither with valid nor with invalid input; its answers have the described shape."""
    hx, headers, snapshot = served
    hx.restore(snapshot)
    response = case.call(base_url=f"{hx.base_url}/api/v1", headers=headers)
    case.validate_response(response, checks=[not_a_server_error, response_schema_conformance])

"""The data vault beyond what recordings show."""

import pytest

from hexclave_api.operations.data_vault import get_data_vault_value, set_data_vault_value
from tests.emulator.performing import Cast

HASHED = "bWFkZSB1cCBmb3IgdGhpcyB0ZXN0"


@pytest.fixture(autouse=True)
def stores(cast: Cast) -> None:
    cast.settings(dataVault__stores={"one": {"displayName": "One"}, "two": {"displayName": "Two"}})


def test_a_value_belongs_to_its_store(cast: Cast) -> None:
    """The same key in another store holds nothing."""
    cast.server(set_data_vault_value("one", hashed_key=HASHED, encrypted_value="sealed"))
    assert cast.server(get_data_vault_value("one", hashed_key=HASHED)).encrypted_value == "sealed"
    refused = cast.server.refused(get_data_vault_value("two", hashed_key=HASHED))
    assert refused == (400, "DATA_VAULT_STORE_HASHED_KEY_DOES_NOT_EXIST")


def test_the_last_value_counts(cast: Cast) -> None:
    """Setting a key again replaces what it held, an empty value included."""
    for value in ("first", "second", ""):
        cast.server(set_data_vault_value("one", hashed_key=HASHED, encrypted_value=value))
        assert cast.server(get_data_vault_value("one", hashed_key=HASHED)).encrypted_value == value


def test_a_store_that_is_gone(cast: Cast) -> None:
    """Stores are settings; without the setting nothing can be read."""
    cast.server(set_data_vault_value("one", hashed_key=HASHED, encrypted_value="sealed"))
    cast.settings(dataVault__stores={})
    refused = cast.server.refused(get_data_vault_value("one", hashed_key=HASHED))
    assert refused == (400, "DATA_VAULT_STORE_DOES_NOT_EXIST")

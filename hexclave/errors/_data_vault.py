"""Errors of the data vault."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError


class DataVaultStoreDoesNotExist(KnownError, BadRequestError):
    """The project has no vault store with this ID."""

    code: str | None = "DATA_VAULT_STORE_DOES_NOT_EXIST"
    hint = "Create the store in the project first."
    store_id: str | None = detail(str)


class DataVaultStoreHashedKeyDoesNotExist(KnownError, BadRequestError):
    """The store has no value for this key."""

    code: str | None = "DATA_VAULT_STORE_HASHED_KEY_DOES_NOT_EXIST"
    store_id: str | None = detail(str)
    hashed_key: str | None = detail(str)

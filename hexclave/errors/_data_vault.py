"""Errors of the data vault."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError


class DataVaultStoreDoesNotExist(KnownError, BadRequestError):
    """The project has no vault store with this ID."""

    code = "DATA_VAULT_STORE_DOES_NOT_EXIST"
    hint = "Create the store in the project first."
    store_id = detail(str)


class DataVaultStoreHashedKeyDoesNotExist(KnownError, BadRequestError):
    """The store has no value for this key."""

    code = "DATA_VAULT_STORE_HASHED_KEY_DOES_NOT_EXIST"
    store_id = detail(str)
    hashed_key = detail(str)

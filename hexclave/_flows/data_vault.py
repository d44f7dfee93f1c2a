"""Values that are encrypted locally before they are stored."""

from collections.abc import Callable
from typing import TypeVar

from hexclave._engine.exchange import exchange
from hexclave._flows.base import Flows, found
from hexclave._steps import Call, Steps
from hexclave.errors import DataVaultStoreHashedKeyDoesNotExist, UnsafeUseError
from hexclave.vault import VaultKey
from hexclave_api.operations import data_vault
from hexclave_api.secret import Secret, SecretText, hidden

T = TypeVar("T")


class DataVaultFlows(Flows):
    """Encrypted stores of the project. Keys, values and secrets never leave the process unencrypted."""

    resource = "data_vault"
    access = ("server", "admin")

    def get(self, store_id: str, key: str, *, secret: SecretText) -> Steps[Secret]:
        """Return the value stored under the key. POST /data-vault/stores/{id}/get.

        Raises:
            DataVaultStoreHashedKeyDoesNotExist: no value is stored under the key with this secret.
            DataVaultStoreDoesNotExist: the project has no such store.
            VaultError: the stored value cannot be decrypted.
        """
        return self._get(store_id, _derived(key, _own(secret)))

    def find(self, store_id: str, key: str, *, secret: SecretText) -> Steps[Secret | None]:
        """Return the value stored under the key, or `None` if there is none with this secret.

        POST /data-vault/stores/{id}/get.

        Raises:
            DataVaultStoreDoesNotExist: the project has no such store.
            VaultError: the stored value cannot be decrypted.
        """
        return found(self._get(store_id, _derived(key, _own(secret))), DataVaultStoreHashedKeyDoesNotExist)

    def set(self, store_id: str, key: str, value: SecretText, *, secret: SecretText) -> Steps[None]:
        """Store the value under the key, replacing any existing one. POST /data-vault/stores/{id}/set.

        Raises:
            DataVaultStoreDoesNotExist: the project has no such store.
        """
        return self._set(store_id, _sealed(key, _checked("value", value), _own(secret)))

    def _get(self, store_id: str, derived: Call[VaultKey]) -> Steps[Secret]:
        key: VaultKey = yield derived
        stored = yield from exchange(self._context, data_vault.get_data_vault_value(store_id, hashed_key=key.hashed))
        return key.decrypt(stored.encrypted_value)

    def _set(self, store_id: str, sealed: Call[tuple[str, str]]) -> Steps[None]:
        hashed_key, encrypted_value = yield sealed
        yield from exchange(
            self._context,
            data_vault.set_data_vault_value(store_id, hashed_key=hashed_key, encrypted_value=encrypted_value),
        )


def _own(secret: SecretText) -> Secret:
    own = _checked("secret", secret)
    if not own.reveal():
        raise UnsafeUseError("secret must be a non-empty string.")
    return own


def _checked(argument: str, value: SecretText) -> Secret:
    if isinstance(secret := hidden(value), Secret):
        return secret
    del value, secret
    raise UnsafeUseError(f"{argument} must be a str or Secret.")


def _sealed(key: str, value: Secret, secret: Secret) -> Call[tuple[str, str]]:
    def sealed() -> tuple[str, str]:
        derived = VaultKey.derive(key, secret)
        return derived.hashed, derived.encrypt(value)

    return _aside(sealed)


def _derived(key: str, secret: Secret) -> Call[VaultKey]:
    return _aside(lambda: VaultKey.derive(key, secret))


def _aside(work: Callable[[], T]) -> Call[T]:
    """Run the work in this thread, or in another for async apps, so that it does not block the event loop."""

    async def in_thread() -> T:
        import asyncio  # blocking programs do not need it

        return await asyncio.to_thread(work)

    return Call(work, in_thread)

"""The apps: wiring only. An app fixes the access type, holds the keys that belong to it, and performs operations."""

from typing import TYPE_CHECKING, Any, Unpack

from hexclave._app import AwaitingApp, BlockingApp, awaiting_executor, blocking_executor, empty_store
from hexclave._engine.context import AdminAccessToken
from hexclave._engine.options import taken
from hexclave._engine.performing import AsyncPerformer, BlockingPerformer
from hexclave.credentials import masked, textless
from hexclave.options import AppOptions
from hexclave.resources.by_access import (
    AdminResources,
    AsyncAdminResources,
    AsyncClientResources,
    AsyncServerResources,
    ClientResources,
    ServerResources,
)
from hexclave_api.secret import SecretText

if TYPE_CHECKING:
    from hexclave._transport.clients import AsyncHttpClient, BlockingHttpClient
    from hexclave._transport.protocol import AsyncTransport, Transport
    from hexclave.tokens import AsyncTokenStore, Tokens, TokenStore

__all__ = [
    "AsyncHexclaveAdminApp",
    "AsyncHexclaveClientApp",
    "AsyncHexclaveServerApp",
    "HexclaveAdminApp",
    "HexclaveClientApp",
    "HexclaveServerApp",
]


class HexclaveClientApp(BlockingApp, ClientResources):
    """Calls as a user of the project, or as nobody yet. It never holds a secret key.

    `session` keeps the tokens of the signed-in user; a new app starts with an empty `MemoryTokenStore`.
    The publishable key is optional unless the project requires it.

    Options are those of `AppOptions`. Keys and ids that are left out come from the environment. No I/O happens here.

    Raises:
        UnsafeUseError: something is missing, in the wrong slot, or cannot be sent safely.
    """

    def __init__(
        self,
        project_id: str | None = None,
        publishable_client_key: SecretText | None = None,
        *,
        session: "TokenStore | Tokens | None" = None,
        **options: Unpack[AppOptions["BlockingHttpClient[Any]", "Transport"]],
    ) -> None:
        project_id, publishable_client_key, session = (
            textless(project_id),
            masked(publishable_client_key),
            textless(session),
        )
        keys = {"publishable_client_key": publishable_client_key}
        chosen = taken(type(self).__name__, options)
        self._performer = BlockingPerformer(
            self._made_context(
                "client",
                project_id,
                keys,
                empty_store() if session is None else session,
                chosen,
            ),
            blocking_executor(chosen),
        )


class HexclaveServerApp(BlockingApp, ServerResources):
    """Calls with the secret server key: everything about the project's users and teams. For servers only.

    With a `session` the calls act for that user too: `me` is that user, the rights stay those of the key.

    Options are those of `AppOptions`. Keys and ids that are left out come from the environment. No I/O happens here.

    Raises:
        UnsafeUseError: something is missing, in the wrong slot, or cannot be sent safely.
    """

    def __init__(
        self,
        project_id: str | None = None,
        secret_server_key: SecretText | None = None,
        *,
        session: "TokenStore | Tokens | None" = None,
        **options: Unpack[AppOptions["BlockingHttpClient[Any]", "Transport"]],
    ) -> None:
        project_id, session = textless(project_id), textless(session)
        secret_server_key = masked(secret_server_key)
        keys = {"secret_server_key": secret_server_key}
        chosen = taken(type(self).__name__, options)
        self._performer = BlockingPerformer(
            self._made_context("server", project_id, keys, session, chosen), blocking_executor(chosen)
        )


class HexclaveAdminApp(BlockingApp, AdminResources):
    """Calls with the super secret admin key, or as an owner of the project: its configuration and all the rest.

    `admin_access_token` is an owner's access token (of the project `internal`), or a function that returns a fresh one;
    it takes the place of the key.

    Options are those of `AppOptions`. Keys and ids that are left out come from the environment. No I/O happens here.

    Raises:
        UnsafeUseError: something is missing, in the wrong slot, or cannot be sent safely.
    """

    def __init__(
        self,
        project_id: str | None = None,
        super_secret_admin_key: SecretText | None = None,
        *,
        admin_access_token: AdminAccessToken | SecretText | None = None,
        session: "TokenStore | Tokens | None" = None,
        **options: Unpack[AppOptions["BlockingHttpClient[Any]", "Transport"]],
    ) -> None:
        project_id, super_secret_admin_key, session = (
            textless(project_id),
            masked(super_secret_admin_key),
            textless(session),
        )
        admin_access_token = admin_access_token if callable(admin_access_token) else masked(admin_access_token)
        keys = {"super_secret_admin_key": super_secret_admin_key}
        chosen = taken(type(self).__name__, options)
        self._performer = BlockingPerformer(
            self._made_context("admin", project_id, keys, session, chosen, admin_access_token),
            blocking_executor(chosen),
        )


class AsyncHexclaveClientApp(AwaitingApp, AsyncClientResources):
    """Calls as a user of the project, or as nobody yet. It never holds a secret key.

    `session` keeps the tokens of the signed-in user; a new app starts with an empty `MemoryTokenStore`.
    The publishable key is optional unless the project requires it.

    Options are those of `AppOptions`. Keys and ids that are left out come from the environment. No I/O happens here.

    Raises:
        UnsafeUseError: something is missing, in the wrong slot, or cannot be sent safely.
    """

    def __init__(
        self,
        project_id: str | None = None,
        publishable_client_key: SecretText | None = None,
        *,
        session: "AsyncTokenStore | Tokens | None" = None,
        **options: Unpack[AppOptions["AsyncHttpClient[Any]", "AsyncTransport"]],
    ) -> None:
        project_id, publishable_client_key, session = (
            textless(project_id),
            masked(publishable_client_key),
            textless(session),
        )
        keys = {"publishable_client_key": publishable_client_key}
        chosen = taken(type(self).__name__, options)
        self._performer = AsyncPerformer(
            self._made_context(
                "client",
                project_id,
                keys,
                empty_store() if session is None else session,
                chosen,
            ),
            awaiting_executor(chosen),
        )


class AsyncHexclaveServerApp(AwaitingApp, AsyncServerResources):
    """Calls with the secret server key: everything about the project's users and teams. For servers only.

    With a `session` the calls act for that user too: `me` is that user, the rights stay those of the key.

    Options are those of `AppOptions`. Keys and ids that are left out come from the environment. No I/O happens here.

    Raises:
        UnsafeUseError: something is missing, in the wrong slot, or cannot be sent safely.
    """

    def __init__(
        self,
        project_id: str | None = None,
        secret_server_key: SecretText | None = None,
        *,
        session: "AsyncTokenStore | Tokens | None" = None,
        **options: Unpack[AppOptions["AsyncHttpClient[Any]", "AsyncTransport"]],
    ) -> None:
        project_id, session = textless(project_id), textless(session)
        secret_server_key = masked(secret_server_key)
        keys = {"secret_server_key": secret_server_key}
        chosen = taken(type(self).__name__, options)
        self._performer = AsyncPerformer(
            self._made_context("server", project_id, keys, session, chosen), awaiting_executor(chosen)
        )


class AsyncHexclaveAdminApp(AwaitingApp, AsyncAdminResources):
    """Calls with the super secret admin key, or as an owner of the project: its configuration and all the rest.

    `admin_access_token` is an owner's access token (of the project `internal`), or a function that returns a fresh one,
    or an awaitable of it;
    it takes the place of the key.

    Options are those of `AppOptions`. Keys and ids that are left out come from the environment. No I/O happens here.

    Raises:
        UnsafeUseError: something is missing, in the wrong slot, or cannot be sent safely.
    """

    def __init__(
        self,
        project_id: str | None = None,
        super_secret_admin_key: SecretText | None = None,
        *,
        admin_access_token: AdminAccessToken | SecretText | None = None,
        session: "AsyncTokenStore | Tokens | None" = None,
        **options: Unpack[AppOptions["AsyncHttpClient[Any]", "AsyncTransport"]],
    ) -> None:
        project_id, super_secret_admin_key, session = (
            textless(project_id),
            masked(super_secret_admin_key),
            textless(session),
        )
        admin_access_token = admin_access_token if callable(admin_access_token) else masked(admin_access_token)
        keys = {"super_secret_admin_key": super_secret_admin_key}
        chosen = taken(type(self).__name__, options)
        self._performer = AsyncPerformer(
            self._made_context("admin", project_id, keys, session, chosen, admin_access_token),
            awaiting_executor(chosen),
        )

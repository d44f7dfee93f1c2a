"""The six apps: client, server and admin access, blocking and async."""

from typing import TYPE_CHECKING, Any, Unpack

from hexclave._app import AwaitingApp, BlockingApp, awaiting_executor, blocking_executor, own_store
from hexclave._engine.context import AdminAccessToken
from hexclave._engine.options import validated_options
from hexclave._engine.performing import AsyncPerformer, BlockingPerformer
from hexclave.credentials import as_secret, hide_text
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
    """An app for client access: calls are made as a user of the project, or signed out. It never holds a secret key.

    `session` keeps the tokens of the signed-in user; a new app starts with an empty `MemoryTokenStore`.
    The publishable client key is optional unless the project requires it.

    The options are those of `AppOptions`. Omitted keys and IDs are read from the environment. Does no I/O.

    Raises:
        UnsafeUseError: an argument is missing, has the wrong kind of key, or cannot be sent safely.
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
            hide_text(project_id),
            as_secret(publishable_client_key),
            hide_text(session),
        )
        keys = {"publishable_client_key": publishable_client_key}
        chosen = validated_options(type(self).__name__, options)
        self._performer = BlockingPerformer(
            self._made_context(
                "client",
                project_id,
                keys,
                own_store() if session is None else session,
                chosen,
            ),
            blocking_executor(chosen),
        )


class HexclaveServerApp(BlockingApp, ServerResources):
    """An app for server access with the secret server key: all users and teams of the project. For servers only.

    With a `session`, calls are made on behalf of that user: `me` is that user, the permissions are those of the key.

    The options are those of `AppOptions`. Omitted keys and IDs are read from the environment. Does no I/O.

    Raises:
        UnsafeUseError: an argument is missing, has the wrong kind of key, or cannot be sent safely.
    """

    def __init__(
        self,
        project_id: str | None = None,
        secret_server_key: SecretText | None = None,
        *,
        session: "TokenStore | Tokens | None" = None,
        **options: Unpack[AppOptions["BlockingHttpClient[Any]", "Transport"]],
    ) -> None:
        project_id, session = hide_text(project_id), hide_text(session)
        secret_server_key = as_secret(secret_server_key)
        keys = {"secret_server_key": secret_server_key}
        chosen = validated_options(type(self).__name__, options)
        self._performer = BlockingPerformer(
            self._made_context("server", project_id, keys, session, chosen), blocking_executor(chosen)
        )


class HexclaveAdminApp(BlockingApp, AdminResources):
    """An app for admin access with the super secret admin key or as a project owner: includes project configuration.

    `admin_access_token` replaces the key: an owner's access token (of the project `internal`), or a function that
    returns a fresh one.

    The options are those of `AppOptions`. Omitted keys and IDs are read from the environment. Does no I/O.

    Raises:
        UnsafeUseError: an argument is missing, has the wrong kind of key, or cannot be sent safely.
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
            hide_text(project_id),
            as_secret(super_secret_admin_key),
            hide_text(session),
        )
        admin_access_token = admin_access_token if callable(admin_access_token) else as_secret(admin_access_token)
        keys = {"super_secret_admin_key": super_secret_admin_key}
        chosen = validated_options(type(self).__name__, options)
        self._performer = BlockingPerformer(
            self._made_context("admin", project_id, keys, session, chosen, admin_access_token),
            blocking_executor(chosen),
        )


class AsyncHexclaveClientApp(AwaitingApp, AsyncClientResources):
    """An app for client access: calls are made as a user of the project, or signed out. It never holds a secret key.

    `session` keeps the tokens of the signed-in user; a new app starts with an empty `MemoryTokenStore`.
    The publishable client key is optional unless the project requires it.

    The options are those of `AppOptions`. Omitted keys and IDs are read from the environment. Does no I/O.

    Raises:
        UnsafeUseError: an argument is missing, has the wrong kind of key, or cannot be sent safely.
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
            hide_text(project_id),
            as_secret(publishable_client_key),
            hide_text(session),
        )
        keys = {"publishable_client_key": publishable_client_key}
        chosen = validated_options(type(self).__name__, options)
        self._performer = AsyncPerformer(
            self._made_context(
                "client",
                project_id,
                keys,
                own_store() if session is None else session,
                chosen,
            ),
            awaiting_executor(chosen),
        )


class AsyncHexclaveServerApp(AwaitingApp, AsyncServerResources):
    """An app for server access with the secret server key: all users and teams of the project. For servers only.

    With a `session`, calls are made on behalf of that user: `me` is that user, the permissions are those of the key.

    The options are those of `AppOptions`. Omitted keys and IDs are read from the environment. Does no I/O.

    Raises:
        UnsafeUseError: an argument is missing, has the wrong kind of key, or cannot be sent safely.
    """

    def __init__(
        self,
        project_id: str | None = None,
        secret_server_key: SecretText | None = None,
        *,
        session: "AsyncTokenStore | Tokens | None" = None,
        **options: Unpack[AppOptions["AsyncHttpClient[Any]", "AsyncTransport"]],
    ) -> None:
        project_id, session = hide_text(project_id), hide_text(session)
        secret_server_key = as_secret(secret_server_key)
        keys = {"secret_server_key": secret_server_key}
        chosen = validated_options(type(self).__name__, options)
        self._performer = AsyncPerformer(
            self._made_context("server", project_id, keys, session, chosen), awaiting_executor(chosen)
        )


class AsyncHexclaveAdminApp(AwaitingApp, AsyncAdminResources):
    """An app for admin access with the super secret admin key or as a project owner: includes project configuration.

    `admin_access_token` replaces the key: an owner's access token (of the project `internal`), or a function or
    coroutine function that returns a fresh one.

    The options are those of `AppOptions`. Omitted keys and IDs are read from the environment. Does no I/O.

    Raises:
        UnsafeUseError: an argument is missing, has the wrong kind of key, or cannot be sent safely.
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
            hide_text(project_id),
            as_secret(super_secret_admin_key),
            hide_text(session),
        )
        admin_access_token = admin_access_token if callable(admin_access_token) else as_secret(admin_access_token)
        keys = {"super_secret_admin_key": super_secret_admin_key}
        chosen = validated_options(type(self).__name__, options)
        self._performer = AsyncPerformer(
            self._made_context("admin", project_id, keys, session, chosen, admin_access_token),
            awaiting_executor(chosen),
        )

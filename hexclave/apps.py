"""The apps: wiring only. An app fixes the access type, holds the keys that belong to it, and performs operations."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, Unpack

import attrs

from hexclave import credentials
from hexclave._call import Awaiting, Blocking
from hexclave._client_resources import ClientResources
from hexclave._context import AdminAccessToken, Context, Shared
from hexclave._exchange import exchange
from hexclave._secret import Secret
from hexclave._server_resources import AdminResources, ServerResources
from hexclave._session import Session
from hexclave._steps import Call, Steps
from hexclave.credentials import SecretText
from hexclave.errors import UnsafeUseError
from hexclave.hooks import Hooks
from hexclave.options import AppOptions
from hexclave.pagination import AsyncPages, Page, Pages
from hexclave.ratelimit import Gates
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from hexclave.tokens import AsyncTokenStore, MemoryTokenStore, Tokens, TokenStore
from hexclave_api.operation import UNSET, AccessType, Operation, Unset

if TYPE_CHECKING:
    from hexclave._executors import AsyncHttpClient, AwaitingExecutor, BlockingExecutor, BlockingHttpClient

T = TypeVar("T")
Store = TypeVar("Store", bound=AsyncTokenStore)
Executor = TypeVar("Executor", bound="BlockingExecutor | AwaitingExecutor")


class _App(Generic[Executor, Store]):
    """What all apps have in common. Derived apps share the connections, gates and refreshes of where they come from."""

    _context: Context
    _executor: Executor
    _store_method: ClassVar[str]
    """What a session's store must have to be used in this mode."""

    def _wire(
        self,
        access: AccessType,
        executor: Executor,
        project_id: str | None,
        keys: Mapping[str, SecretText | None],
        session: Store | Tokens | None,
        options: AppOptions[Any],
        admin_access_token: AdminAccessToken | SecretText | None = None,
    ) -> None:
        unknown = options.keys() - AppOptions.__annotations__.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} takes no argument {', '.join(sorted(unknown))}")
        project_id = credentials.project_id(project_id)
        url = credentials.base_url(
            options.get("base_url"), allow_insecure_http=options.get("allow_insecure_http", False)
        )
        rate_limit, gates, branch = options.get("rate_limit"), options.get("gates"), options.get("branch_id")
        held = credentials.keys_of(access, keys, keyless=admin_access_token is not None)
        headers = credentials.static_headers(
            access,
            project_id,
            held,
            branch_id=branch,
            allow_anonymous=options.get("allow_anonymous", False),
            allow_restricted=options.get("allow_restricted", False),
            extra=options.get("extra_headers"),
        )
        self._executor = executor
        self._context = Context(
            project_id=project_id,
            access=access,
            base_url=f"{url}/api/v1",
            origin=credentials.origin(url),
            static_headers=headers,
            client_id=f"{project_id}#{branch}" if branch else project_id,
            publishable_client_key=held.get("publishable_client_key"),
            allow_anonymous=options.get("allow_anonymous", False),
            timeout=Timeout.of(options.get("timeout", Timeout())),
            retries=options.get("retries", Retries()),
            hooks=options.get("hooks", Hooks()),
            shared=Shared(lambda: Gates(ceiling=rate_limit, shared=gates)),
            session=None if session is None else self._session(session),
            admin_access_token=_admin_token_steps(admin_access_token),
        )

    def __repr__(self) -> str:
        if "_context" not in self.__dict__:
            return f"<{type(self).__name__}, not ready>"
        return f"<{type(self).__name__} project {self._context.project_id} at {self._context.base_url}>"

    @property
    def project_id(self) -> str:
        """The project that all calls are about."""
        return self._context.project_id

    def _perform(self, described: Operation[Any] | Steps[Any]) -> Any:
        steps = exchange(self._context, described) if isinstance(described, Operation) else described
        return self._executor.run(steps)

    def _derived(self, **changes: Any) -> Self:
        app = object.__new__(type(self))
        app.__dict__.update(self.__dict__)
        app._context = attrs.evolve(self._context, **changes)
        return app

    def with_session(self, session: Store | Tokens) -> Self:
        """The same app acting with one user's tokens; connections are shared, so it costs next to nothing.

        Raises:
            UnsafeUseError: `session` is neither tokens nor a store that works in this mode.
        """
        return self._derived(session=self._session(session))

    def _session(self, session: Store | Tokens) -> Session:
        if not isinstance(session, Tokens) and not hasattr(session, self._store_method):
            raise UnsafeUseError(
                f"session must be Tokens or a token store with {self._store_method}(), not {type(session).__name__}."
            )
        return Session(session)

    def options(
        self,
        *,
        timeout: Timeout | float | Unset | None = UNSET,
        retries: Retries | Unset = UNSET,
        hooks: Hooks | Unset = UNSET,
    ) -> Self:
        """The same app with other options for calls made through what this returns; connections are shared.

        Raises:
            UnsafeUseError: a value is not allowed.
        """
        changes: dict[str, Any] = {}
        if timeout is not UNSET:
            changes["timeout"] = Timeout.of(timeout)
        if retries is not UNSET:
            changes["retries"] = retries
        if hooks is not UNSET:
            changes["hooks"] = hooks
        return self._derived(**changes)


class _BlockingApp(_App["BlockingExecutor", TokenStore]):
    _store_method = "load"

    def call(self, operation: Operation[T]) -> T:
        """The result of any operation of `hexclave_api` that this access type allows.

        Raises:
            UnsafeUseError: refused before any I/O: wrong access type, missing credential.
            HexclaveError: every other failure, see `hexclave.errors`.
        """
        return self._executor.run(exchange(self._context, operation))

    def _list(self, pages: Pages[T]) -> Page[T]:
        return Page(self.call(pages.operation(pages.cursor)), pages, self.call)

    def close(self) -> None:
        """Close the connections. Apps that were derived from this one end with it; `http_client` stays open."""
        self._executor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class _AwaitingApp(_App["AwaitingExecutor", AsyncTokenStore]):
    _store_method = "aload"

    async def call(self, operation: Operation[T]) -> T:
        """The result of any operation of `hexclave_api` that this access type allows.

        Raises:
            UnsafeUseError: refused before any I/O: wrong access type, missing credential.
            HexclaveError: every other failure, see `hexclave.errors`.
        """
        return await self._executor.run(exchange(self._context, operation))

    def _list(self, pages: Pages[T]) -> AsyncPages[T]:
        return AsyncPages(pages, self.call)

    async def close(self) -> None:
        """Close this event loop's connections. Derived apps end with it; `http_client` stays open."""
        await self._executor.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


def _blocking(options: AppOptions["BlockingHttpClient"]) -> "BlockingExecutor":
    # Imported with the first app, so that `import hexclave` does not pay for the HTTP library.
    from hexclave._executors import BlockingExecutor

    return BlockingExecutor(options.get("http_client"))


def _awaiting(options: AppOptions["AsyncHttpClient"]) -> "AwaitingExecutor":
    from hexclave._executors import AwaitingExecutor

    return AwaitingExecutor(options.get("http_client"))


def _admin_token_steps(token: AdminAccessToken | SecretText | None) -> Callable[[], Steps[Secret]] | None:
    if token is None:
        return None
    if not callable(token):
        token = Secret(token).reveal if isinstance(token, str) else token.reveal
    return lambda: _ask(token)


def _ask(token: AdminAccessToken) -> Steps[Secret]:
    secret = credentials.masked((yield Call(blocking=token, awaiting=lambda: _awaited(token))))
    return credentials.checked(secret, "admin_access_token")


async def _awaited(token: AdminAccessToken) -> str:
    text = token()
    return text if isinstance(text, str) else await text


class HexclaveClientApp(_BlockingApp, ClientResources[Blocking]):
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
        session: TokenStore | Tokens | None = None,
        **options: Unpack[AppOptions["BlockingHttpClient"]],
    ) -> None:
        publishable_client_key = credentials.masked(publishable_client_key)
        keys = {"publishable_client_key": publishable_client_key}
        self._wire(
            "client", _blocking(options), project_id, keys, MemoryTokenStore() if session is None else session, options
        )


class HexclaveServerApp(_BlockingApp, ServerResources[Blocking]):
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
        session: TokenStore | Tokens | None = None,
        **options: Unpack[AppOptions["BlockingHttpClient"]],
    ) -> None:
        secret_server_key = credentials.masked(secret_server_key)
        keys = {"secret_server_key": secret_server_key}
        self._wire("server", _blocking(options), project_id, keys, session, options)


class HexclaveAdminApp(_BlockingApp, AdminResources[Blocking]):
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
        session: TokenStore | Tokens | None = None,
        **options: Unpack[AppOptions["BlockingHttpClient"]],
    ) -> None:
        super_secret_admin_key = credentials.masked(super_secret_admin_key)
        keys = {"super_secret_admin_key": super_secret_admin_key}
        self._wire("admin", _blocking(options), project_id, keys, session, options, admin_access_token)


class AsyncHexclaveClientApp(_AwaitingApp, ClientResources[Awaiting]):
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
        session: AsyncTokenStore | Tokens | None = None,
        **options: Unpack[AppOptions["AsyncHttpClient"]],
    ) -> None:
        publishable_client_key = credentials.masked(publishable_client_key)
        keys = {"publishable_client_key": publishable_client_key}
        self._wire(
            "client", _awaiting(options), project_id, keys, MemoryTokenStore() if session is None else session, options
        )


class AsyncHexclaveServerApp(_AwaitingApp, ServerResources[Awaiting]):
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
        session: AsyncTokenStore | Tokens | None = None,
        **options: Unpack[AppOptions["AsyncHttpClient"]],
    ) -> None:
        secret_server_key = credentials.masked(secret_server_key)
        keys = {"secret_server_key": secret_server_key}
        self._wire("server", _awaiting(options), project_id, keys, session, options)


class AsyncHexclaveAdminApp(_AwaitingApp, AdminResources[Awaiting]):
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
        session: AsyncTokenStore | Tokens | None = None,
        **options: Unpack[AppOptions["AsyncHttpClient"]],
    ) -> None:
        super_secret_admin_key = credentials.masked(super_secret_admin_key)
        keys = {"super_secret_admin_key": super_secret_admin_key}
        self._wire("admin", _awaiting(options), project_id, keys, session, options, admin_access_token)

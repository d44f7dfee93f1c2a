"""Base classes of the apps, which build the context from keys and options and perform operations."""

import functools
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, Unpack, cast

from hexclave import credentials
from hexclave._base_url import origin_of
from hexclave._engine.context import AdminAccessToken, Context, Shared
from hexclave._engine.misuse import ClosedWithAwait, ClosedWithoutAwait, ResourcesOfOtherApps
from hexclave._engine.options import Options
from hexclave._engine.options import hooks as checked_hooks
from hexclave._engine.performing import AsyncPerformer, BlockingPerformer
from hexclave._many import CONCURRENCY, Many
from hexclave._steps import Call, Steps
from hexclave.errors import UnsafeUseError
from hexclave.hooks import Hooks
from hexclave.ratelimit import Gates
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from hexclave_api.operation import UNSET, AccessType, Operation, Unset
from hexclave_api.secret import Secret, SecretText

if TYPE_CHECKING:
    from hexclave._engine.async_executor import AwaitingExecutor
    from hexclave._engine.executor import BlockingExecutor
    from hexclave._engine.session import Session
    from hexclave.bulk import AsyncOutcomes, Outcomes
    from hexclave.replies import WithReply
    from hexclave.tokens import AsyncTokenStore, MemoryTokenStore, Tokens, TokenStore  # noqa: F401 - in a base class
    from hexclave.verify import AsyncVerifier, AuthenticateOptions, AuthenticationResult, Verifier

T = TypeVar("T")
R = TypeVar("R")
Store = TypeVar("Store", bound="AsyncTokenStore")
P = TypeVar("P", BlockingPerformer, AsyncPerformer)


class App(ResourcesOfOtherApps, Generic[P, Store]):
    """Base of all apps. Derived apps share the connections, rate limits and token refreshes of the original app."""

    _performer: P
    _store_method: ClassVar[str]
    """Name of the method that a token store must have to be used in this mode."""

    def _made_context(
        self,
        access: AccessType,
        project_id: str | None,
        keys: Mapping[str, SecretText | None],
        session: "Store | Tokens | None",
        options: Options,
        admin_access_token: AdminAccessToken | SecretText | None = None,
    ) -> Context:
        project_id = credentials.project_id(project_id)
        rate_limit, gates, branch = options.rate_limit, options.gates, options.branch_id
        held = credentials.keys_of(access, keys, keyless=admin_access_token is not None)
        headers = credentials.static_headers(
            access,
            project_id,
            held,
            branch_id=branch,
            allow_anonymous=options.allow_anonymous,
            allow_restricted=options.allow_restricted,
            extra=options.extra_headers,
            user_agent=options.user_agent,
        )
        return Context(
            project_id=project_id,
            access=access,
            base_url=f"{options.base_url}/api/v1",
            origin=origin_of(options.base_url),
            static_headers=headers,
            client_id=f"{project_id}#{branch}" if branch else project_id,
            publishable_client_key=held.get("publishable_client_key"),
            allow_anonymous=options.allow_anonymous,
            timeout=options.timeout,
            max_reply_size=options.max_reply_size,
            retries=options.retries,
            hooks=options.hooks,
            shared=Shared(lambda: Gates(ceiling=rate_limit, shared=gates)),
            session=None if session is None else self._session(session),
            admin_access_token=_admin_token_steps(admin_access_token),
        )

    def __repr__(self) -> str:
        if "_performer" not in self.__dict__:
            return f"<{type(self).__name__}, not ready>"
        return f"<{type(self).__name__} project {self._context.project_id} at {self._context.base_url}>"

    @property
    def _context(self) -> Context:
        return self._performer.context

    @property
    def project_id(self) -> str:
        """ID of the app's project."""
        return self._context.project_id

    def _derived(self, **changes: Any) -> Self:
        app = object.__new__(type(self))
        app.__dict__.update(self.__dict__)
        app.__dict__.pop("verifier", None)  # The cached verifier has the options of the original app.
        app._performer = self._performer.derived(**changes)
        return app

    def with_session(self, session: "Store | Tokens") -> Self:
        """Return an app that makes calls with a user's tokens. Cheap: it shares this app's connections.

        Raises:
            UnsafeUseError: `session` is neither `Tokens` nor a token store for this mode.
        """
        session = credentials.hide_text(session)
        return self._derived(session=self._session(session))

    def _session(self, session: "Store | Tokens") -> "Session":
        # Imported here because most server apps have no session.
        from hexclave._engine.session import Session
        from hexclave.tokens import Tokens

        method = None if isinstance(session, type) else getattr(session, self._store_method, None)
        if not isinstance(session, Tokens) and not callable(method):
            kind = "str" if isinstance(session, Secret) else type(session).__name__
            raise UnsafeUseError(f"session must be Tokens or a token store with {self._store_method}(), not {kind}.")
        return Session(session)

    def options(
        self,
        *,
        timeout: Timeout | float | Unset | None = UNSET,
        retries: Retries | int | Unset = UNSET,
        hooks: Hooks | Unset = UNSET,
        extra_headers: Mapping[str, str] | Unset = UNSET,
        client_request_id: str | Unset = UNSET,
    ) -> Self:
        """Return an app with other options, for one call or for many. Cheap: it shares this app's connections.

        Args:
            timeout: Seconds for a whole call, or a `Timeout`; `None` disables all timeouts.
            retries: Which calls are retried and when, or the maximum number of attempts, including the first.
            hooks: Replace those of this app.
            extra_headers: In addition to those of this app; they replace headers of the same name.
            client_request_id: Your ID of the call, at most 200 characters. It is sent as `X-Client-Request-Id`, which
                the API ignores, and is part of errors and events.

        Raises:
            UnsafeUseError: a value is invalid.
        """
        changes: dict[str, Any] = {}
        if timeout is not UNSET:
            changes["timeout"] = Timeout.of(timeout)
        if retries is not UNSET:
            changes["retries"] = Retries.of(retries)
        if hooks is not UNSET:
            changes["hooks"] = checked_hooks(hooks)
        extra = {} if extra_headers is UNSET else credentials.headers_as_secrets(extra_headers)
        own = UNSET if client_request_id is UNSET else credentials.as_secret(client_request_id)
        del extra_headers, client_request_id  # A traceback with locals must not show a key passed by mistake.
        if own is not UNSET:
            changes["client_request_id"] = credentials.client_request_id(own)
        if extra or own is not UNSET:
            checked, own_id = credentials.extra_headers(extra), changes.get("client_request_id")
            changes["static_headers"] = credentials.with_headers(self._context.static_headers, checked, own_id)
        return self._derived(**changes)


def _checked_call(call: Callable[[Any], T]) -> Callable[[Any], T]:
    if not callable(call):
        raise UnsafeUseError(
            "with_reply takes a function of an app, such as `lambda app: app.users.get(…)`, not a "
            f"{type(call).__name__}."
        )
    return call


class BlockingApp(ClosedWithoutAwait, App[BlockingPerformer, "TokenStore"]):
    _store_method = "load"

    def call(self, operation: Operation[T]) -> T:
        """Perform an operation of `hexclave_api` and return its result.

        Raises:
            UnsafeUseError: wrong access type or missing credential; raised before any I/O.
            HexclaveError: any other failure, see `hexclave.errors`.
        """
        return self._performer.call(operation)

    def with_reply(self, call: Callable[[Self], T]) -> "WithReply[T]":
        """Return the result of any method together with status, headers and request ID of the reply behind it.

        Args:
            call: Makes the call with the app that it is given, such as `lambda app: app.users.get("…")`.

        Raises:
            UnsafeUseError: `call` is not a function.
            HexclaveError: whatever the call raises.
        """
        from hexclave.replies import ReplyInfo, WithReply

        replies: list[ReplyInfo] = []
        return WithReply(_checked_call(call)(self._derived(on_reply=replies.append)), replies)

    def call_many(
        self, operations: Iterable[Operation[T]], *, concurrency: int = CONCURRENCY, ordered: bool = True
    ) -> "Outcomes[Operation[T], T]":
        """Perform many operations and yield the outcome of each: a value or an error. No failure stops the rest.

        At most `concurrency` calls are in flight. `ordered` yields outcomes in the order of the operations, otherwise
        as they complete. Memory use is constant. Nothing is sent until the outcomes are iterated; `.run()` iterates
        them all and returns a summary.

        Raises:
            UnsafeUseError: `concurrency` is not a positive integer.
        """
        return self._performer.many(Many(operations, lambda operation: operation, concurrency, ordered))

    @functools.cached_property
    def verifier(self) -> "Verifier":
        """Verifier of the project's access tokens, which checks signatures locally."""
        from hexclave.verify import Verifier

        return Verifier(self)

    def authenticate(self, request: object, **options: Unpack["AuthenticateOptions"]) -> "AuthenticationResult":
        """Authenticate a request that your backend received; see `hexclave.verify`.

        Raises:
            HexclaveError: the signing keys could not be fetched or the API not be reached: respond with 503.
        """
        steps = self.verifier.authenticated(request, **options)
        del request  # A traceback with locals would show its credentials.
        return self._performer.run(steps)

    def close(self) -> None:
        """Close the connections, which derived apps share. A client or transport that you passed in stays open."""
        self._performer.executor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AwaitingApp(ClosedWithAwait, App[AsyncPerformer, "AsyncTokenStore"]):
    _store_method = "aload"

    async def call(self, operation: Operation[T]) -> T:
        """Perform an operation of `hexclave_api` and return its result.

        Raises:
            UnsafeUseError: wrong access type or missing credential; raised before any I/O.
            HexclaveError: any other failure, see `hexclave.errors`.
        """
        return await self._performer.call(operation)

    async def with_reply(self, call: Callable[[Self], Awaitable[T]]) -> "WithReply[T]":
        """Return the result of any method together with status, headers and request ID of the reply behind it.

        Args:
            call: Makes the call with the app that it is given, such as `lambda app: app.users.get("…")`.

        Raises:
            UnsafeUseError: `call` is not a function.
            HexclaveError: whatever the call raises.
        """
        from hexclave.replies import ReplyInfo, WithReply

        replies: list[ReplyInfo] = []
        return WithReply(await _checked_call(call)(self._derived(on_reply=replies.append)), replies)

    def call_many(
        self, operations: Iterable[Operation[T]], *, concurrency: int = CONCURRENCY, ordered: bool = True
    ) -> "AsyncOutcomes[Operation[T], T]":
        """Perform many operations and yield the outcome of each: a value or an error. No failure stops the rest.

        At most `concurrency` calls are in flight. `ordered` yields outcomes in the order of the operations, otherwise
        as they complete. Memory use is constant. Nothing is sent until the outcomes are iterated; `.run()` iterates
        them all and returns a summary.

        Raises:
            UnsafeUseError: `concurrency` is not a positive integer.
        """
        return self._performer.many(Many(operations, lambda operation: operation, concurrency, ordered))

    @functools.cached_property
    def verifier(self) -> "AsyncVerifier":
        """Verifier of the project's access tokens, which checks signatures locally."""
        from hexclave.verify import AsyncVerifier

        return AsyncVerifier(self)

    async def authenticate(self, request: object, **options: Unpack["AuthenticateOptions"]) -> "AuthenticationResult":
        """Authenticate a request that your backend received; see `hexclave.verify`.

        Raises:
            HexclaveError: the signing keys could not be fetched or the API not be reached: respond with 503.
        """
        steps = self.verifier.authenticated(request, **options)
        del request  # A traceback with locals would show its credentials.
        return await self._performer.run(steps)

    async def close(self) -> None:
        """Close this event loop's connections, which derived apps share. One that you passed in stays open."""
        await self._performer.executor.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


def blocking_executor(options: Options) -> "BlockingExecutor":
    # Imported with the first app to keep `import hexclave` fast.
    from hexclave._engine.executor import BlockingExecutor

    options.check_mode(is_async=False)
    if options.http_client is not None:
        from hexclave._transport.clients import HttpxTransport

        return BlockingExecutor(HttpxTransport(options.http_client))
    return BlockingExecutor(options.transport, options.own_transports)


def awaiting_executor(options: Options) -> "AwaitingExecutor":
    from hexclave._engine.async_executor import AwaitingExecutor

    options.check_mode(is_async=True)
    if options.http_client is not None:
        from hexclave._transport.clients import AsyncHttpxTransport

        return AwaitingExecutor(AsyncHttpxTransport(options.http_client))
    return AwaitingExecutor(options.transport, options.own_transports)


def own_store() -> "MemoryTokenStore":
    """Return an empty token store for an app that was created without one."""
    from hexclave.tokens._memory import OwnTokens

    return OwnTokens()


def _admin_token_steps(token: AdminAccessToken | SecretText | None) -> Callable[[], Steps[Secret]] | None:
    if token is None:
        return None
    if isinstance(token, type) or not callable(token):
        token = credentials.checked(credentials.as_secret(cast(SecretText, token)), "admin_access_token").reveal
    return lambda: _ask(token)


def _ask(token: AdminAccessToken) -> Steps[Secret]:
    # Wrapped before it becomes a local variable: the frame that performs the step has its result.
    secret = yield Call(blocking=lambda: credentials.as_secret(cast(str, token())), awaiting=lambda: _awaited(token))
    return credentials.checked(secret, "admin_access_token")


async def _awaited(token: AdminAccessToken) -> SecretText | None:
    answer = token()
    return credentials.as_secret(answer if isinstance(answer, str) else await answer)

"""A bridge for passwords whose hashes the API does not import: checks the old hash once and sets the password.

Argon2 and bcrypt need `hexclave[old-passwords]`. See the guide docs/old-passwords.md.
"""

import inspect
import logging
import secrets
from asyncio import to_thread
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias, TypeVar

from hexclave import (
    AsyncHexclaveAdminApp,
    AsyncHexclaveClientApp,
    AsyncHexclaveServerApp,
    HexclaveAdminApp,
    HexclaveClientApp,
    HexclaveServerApp,
)
from hexclave._steps import Call, Steps
from hexclave.errors import (
    BadRequestError,
    EmailPasswordMismatch,
    HexclaveError,
    PasswordRequirementsNotMet,
    UnsafeUseError,
)
from hexclave.integrations._old_hashes import FirebaseScrypt, OldHash, UnsupportedHashError, read_hash
from hexclave.sign_in._throttle import Throttle
from hexclave.tokens import MemoryTokenStore, Tokens
from hexclave_api.models import ServerUser, SignInResult
from hexclave_api.operation import Operation
from hexclave_api.operations import auth, sessions, users
from hexclave_api.secret import Secret, SecretText, hidden

__all__ = [
    "AsyncPasswordBridge",
    "FirebaseScrypt",
    "OldHash",
    "PasswordBridge",
    "PasswordResetRequired",
    "TooManyAttempts",
    "UnsupportedHashError",
    "read_hash",
]

T = TypeVar("T")
Found: TypeAlias = SecretText | OldHash | None

_LOG: Final = logging.getLogger("hexclave")
_LENGTHS: Final = range(8, 71)
"""The API answers longer passwords with an error of the schema, which would not say what to do."""
_HELPER_MILLIS: Final = 60_000
_PAGE: Final = 100


class PasswordResetRequired(HexclaveError):
    """The old password is correct, but the API does not accept it.

    Send the user an email with `app.auth.send_password_reset_email(…)`.
    """


class TooManyAttempts(HexclaveError):
    """Too many wrong passwords for one email; `retry_after` is the time in seconds until the next check."""


class _AnyBridge:
    _servers: tuple[type[Any], ...]
    _client_type: type[Any]

    def __init__(self, server: Any, client: Any, find_hash: Any, delete_hash: Any, decoy: SecretText | OldHash) -> None:
        held: Secret | OldHash = hidden(decoy)
        del decoy
        if not isinstance(server, self._servers):
            raise UnsafeUseError(f"server must be a {self._servers[0].__name__}, not {type(server).__name__}.")
        if not isinstance(client, self._client_type):
            raise UnsafeUseError(f"client must be a {self._client_type.__name__}, not {type(client).__name__}.")
        if server.project_id != client.project_id:
            raise UnsafeUseError("server and client must be apps of the same project.")
        for name, callback in (("find_hash", find_hash), ("delete_hash", delete_hash)):
            if not callable(callback):
                raise UnsafeUseError(f"{name} must be a function that takes an email.")
        self._server: Final = server
        self._client: Final = client
        self._find_hash: Final = find_hash
        self._delete_hash: Final = delete_hash
        self._decoy: Final = held if isinstance(held, OldHash) else read_hash(held)
        self._throttle: Final = Throttle(Secret(secrets.token_urlsafe(32)), client.project_id, None)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} project {self._client.project_id}>"

    def _steps(self, email: str, password: Secret) -> Steps[SignInResult]:
        if not isinstance(email, str):
            raise UnsafeUseError(f"email must be a str, not {type(email).__name__}.")
        if not isinstance(password, Secret):
            raise UnsafeUseError(f"password must be a str, not {type(password).__name__}.")
        try:
            result: SignInResult = yield self._sign_in(email, password)
        except EmailPasswordMismatch as error:
            refused = error.with_traceback(None)
        else:
            return result
        wait = yield from self._throttle.wait_for(None, email)
        if wait:
            raise TooManyAttempts("Too many attempts to sign in with this email.", retry_after=wait)
        if not (yield from self._is_old_password(email, password)):
            raise refused
        user = yield from self._user(email)
        if user is None:
            _LOG.warning("A user with an old password has no account with this email; import the user first.")
            raise refused
        # An existing password may come from a parallel sign-in, or be a newer one: signing in shows which.
        if not user.has_password:
            yield from self._set_first_password(user, password)
        yield self._ask(self._delete_hash, email)
        result = yield self._sign_in(email, password)
        return result

    def _sign_in(self, email: str, password: Secret) -> Call[SignInResult]:
        return self._call(
            self._client_with(MemoryTokenStore()), auth.sign_in_with_password(email=email, password=password)
        )

    def _is_old_password(self, email: str, password: Secret) -> Steps[bool]:
        found = yield self._ask(self._find_hash, email)
        old = self._old_hash(found)
        checked = self._decoy if old is None else old
        # Without a hash the decoy is checked, so that the time does not reveal which emails have an account.
        is_match = yield Call(lambda: checked.matches(password), lambda: to_thread(checked.matches, password))
        return bool(is_match) and old is not None

    def _old_hash(self, found: object) -> OldHash | None:
        if found is None or isinstance(found, OldHash):
            return found
        if not isinstance(found, Secret):
            raise UnsafeUseError(f"find_hash must return a str, an OldHash or None, not {type(found).__name__}.")
        try:
            return read_hash(found)
        except UnsupportedHashError as error:
            # An error would reveal that there is an account.
            _LOG.warning("An old password hash was ignored. %s", error.message)
            return None

    def _user(self, email: str) -> Steps[ServerUser | None]:
        cursor = None
        while True:
            query = users.list_users(query=email, limit=_PAGE, include_restricted=True)
            if cursor is not None:
                query = users.list_users(query=email, limit=_PAGE, include_restricted=True, cursor=cursor)
            page = yield self._call(self._server, query)
            for user in page.items:
                # The API searches names and parts of emails.
                if (user.primary_email or "").lower() == email.lower() and user.primary_email_auth_enabled:
                    return user  # type: ignore[no-any-return]
            cursor = page.pagination.next_cursor if page.pagination else None
            if cursor is None:
                return None

    def _set_first_password(self, user: ServerUser, password: Secret) -> Steps[None]:
        """Set the password as the user, because the API then refuses to replace one that was set in the meantime."""
        if len(password.reveal().encode("utf-16-le", "surrogatepass")) // 2 not in _LENGTHS:
            raise _reset_required()
        created = yield self._call(
            self._server, sessions.create_session(user_id=user.id, expires_in_millis=_HELPER_MILLIS)
        )
        as_user = self._client_with(Tokens(created.access_token, created.refresh_token))
        try:
            yield self._call(as_user, auth.set_password(password=password))
        except PasswordRequirementsNotMet:
            raise _reset_required() from None
        except BadRequestError as error:
            if error.code is not None:
                raise
            # It was set meanwhile, perhaps by a parallel sign-in: signing in shows whether it is this one.

    def _client_with(self, session: MemoryTokenStore | Tokens) -> Any:
        return self._client.with_session(session)

    def _call(self, app: Any, operation: Operation[T]) -> Call[T]:
        return Call(lambda: app.call(operation), lambda: app.call(operation))

    def _ask(self, callback: Callable[[str], Any], email: str) -> Call[Any]:
        def blocking() -> object:
            answer = callback(email)
            if inspect.isawaitable(answer):
                if inspect.iscoroutine(answer):
                    answer.close()
                raise UnsafeUseError("find_hash and delete_hash must not be async: use AsyncPasswordBridge.")
            return hidden(answer)

        async def awaiting() -> object:
            answer = callback(email)
            if not inspect.isawaitable(answer):
                raise UnsafeUseError("find_hash and delete_hash must be async, or they would block the event loop.")
            return hidden(await answer)

        return Call(blocking, awaiting)


class PasswordBridge(_AnyBridge):
    """A sign-in with passwords of another system, for users who were imported without a password.

    Args:
        server: Looks up users and creates the session in which the password is set.
        client: Signs users in. Its own session is not used.
        find_hash: Returns the old hash for an email: text that `read_hash` reads, an `OldHash`, or `None`. Compare the
            email exactly, except for case: a database that takes `ü` for `u` would mix up two accounts.
        delete_hash: Deletes the old hash for an email, if it is still there. It is called before the first sign-in with
            the API's password.
        decoy: A hash of the old system with the usual parameters, of any password. It is checked if there is no hash,
            so that a sign-in takes as long for emails without an account.

    Raises:
        UnsafeUseError: an argument is invalid.
        UnsupportedHashError: `decoy` is not supported.
        ImportError: `hexclave[old-passwords]` is not installed, and the decoy needs it.
    """

    _servers = (HexclaveServerApp, HexclaveAdminApp)
    _client_type = HexclaveClientApp

    def __init__(
        self,
        server: HexclaveServerApp | HexclaveAdminApp,
        client: HexclaveClientApp,
        *,
        find_hash: Callable[[str], Found],
        delete_hash: Callable[[str], object],
        decoy: SecretText | OldHash,
    ) -> None:
        super().__init__(server, client, find_hash, delete_hash, decoy)

    def sign_in(self, *, email: str, password: SecretText) -> SignInResult:
        """Sign in with the API, and if it refuses, check the old hash and make the old password the user's password.

        The old hash is never accepted once the user has a password. It is checked at most 10 times in five minutes for
        one email; each process counts on its own. Errors of the two functions propagate.

        POST /auth/password/sign-in; once for each user also GET /users, POST /auth/sessions and POST
        /auth/password/set.

        Raises:
            EmailPasswordMismatch: the email or the password is incorrect.
            PasswordResetRequired: the old password is correct, but has fewer than 8 or more than 70 characters.
            TooManyAttempts: too many wrong passwords for this email.
            MultiFactorAuthenticationRequired: continue with `app.auth.sign_in_with_mfa`.
        """
        from hexclave._engine.executor import BlockingExecutor

        steps = self._steps(email, hidden(password))
        del password
        return BlockingExecutor().run(steps)


class AsyncPasswordBridge(_AnyBridge):
    """The `PasswordBridge` of async programs. Hashes are checked in a thread."""

    _servers = (AsyncHexclaveServerApp, AsyncHexclaveAdminApp)
    _client_type = AsyncHexclaveClientApp

    def __init__(
        self,
        server: AsyncHexclaveServerApp | AsyncHexclaveAdminApp,
        client: AsyncHexclaveClientApp,
        *,
        find_hash: Callable[[str], Awaitable[Found]],
        delete_hash: Callable[[str], Awaitable[object]],
        decoy: SecretText | OldHash,
    ) -> None:
        super().__init__(server, client, find_hash, delete_hash, decoy)

    async def sign_in(self, *, email: str, password: SecretText) -> SignInResult:
        """Do the same as `PasswordBridge.sign_in` in async programs.

        Raises:
            EmailPasswordMismatch: the email or the password is incorrect.
            PasswordResetRequired: the old password is correct, but has fewer than 8 or more than 70 characters.
            TooManyAttempts: too many wrong passwords for this email.
            MultiFactorAuthenticationRequired: continue with `app.auth.sign_in_with_mfa`.
        """
        from hexclave._engine.async_executor import AwaitingExecutor

        steps = self._steps(email, hidden(password))
        del password
        return await AwaitingExecutor().run(steps)


def _reset_required() -> PasswordResetRequired:
    return PasswordResetRequired(
        "The old password is correct, but the API takes 8 to 70 characters: let the user reset the password."
    )

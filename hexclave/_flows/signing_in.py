"""The base class of all sign-in flows: stores the tokens in the session."""

import warnings
from typing import Final, TypeVar

from hexclave._engine.context import Context
from hexclave._engine.exchange import exchange
from hexclave._engine.session import Session, received
from hexclave._flows.base import Flows
from hexclave._steps import Steps
from hexclave.errors import SessionExpired, UnsafeUseError
from hexclave.tokens import FixedTokens, Tokens
from hexclave.tokens._memory import OwnTokens, SessionReplacedWarning
from hexclave_api.models import OAuthTokens, SignInOrSignUpResult, SignInResult
from hexclave_api.operation import Operation
from hexclave_api.secret import Secret, SecretText

Signed = TypeVar("Signed", SignInResult, SignInOrSignUpResult, OAuthTokens)
PUBLIC_CLIENT: Final = "__stack_public_client__"


class SigningIn(Flows):
    """Flows."""

    def _sign_in(self, operation: Operation[Signed]) -> Steps[Signed]:
        session = self._sign_in_session()
        try:
            # Send the session's tokens, so that an anonymous user who signs up keeps the id.
            result = yield from exchange(self._context, operation)
        except SessionExpired:
            result = None
        if result is None:
            result = yield from exchange(self._alone(), operation)
        tokens = received(result.access_token, result.refresh_token)
        if isinstance(session.store, OwnTokens):
            _warn_if_replaced(session.store.load(), tokens)
        yield session.save(tokens)
        return result

    def _access_token(self) -> Steps[Secret | None]:
        app, session = self._context, self._session()
        deadline = None if app.timeout.total is None else app.clock.monotonic() + app.timeout.total
        tokens = yield from session.tokens(app, rejected=None, deadline=deadline)
        return None if tokens is None else tokens.access_token

    def _sign_in_session(self) -> Session:
        session = self._session()
        if isinstance(session.store, FixedTokens):
            raise UnsafeUseError("FixedTokens cannot store new tokens; sign in with a MemoryTokenStore.")
        return session

    def _session(self) -> Session:
        session = self._context.session
        if session is None:
            raise UnsafeUseError("The app has no session to sign in: use app.with_session(store).")
        return session

    def _alone(self) -> Context:
        return self._context._replace(session=None)

    def _client_secret(self) -> SecretText:
        return self._context.publishable_client_key or PUBLIC_CLIENT


def _warn_if_replaced(old: Tokens | None, new: Tokens) -> None:
    """Warn if a server signs several users in with one app: all of its calls would be made as the last of them."""
    if old is None or old.access_token is None or new.access_token is None:
        return
    # Imported here, because only a second sign-in needs it.
    from hexclave.verify import InvalidTokenError, read_unverified

    try:
        before, after = read_unverified(old.access_token), read_unverified(new.access_token)
    except InvalidTokenError:
        return
    if before.user_id != after.user_id and not before.is_anonymous:
        warnings.warn(
            "A second user has signed in with the same client app, and replaces the first. In a server, give each "
            "browser a session of its own: app.with_session(store), or the sign-in pages (docs/sign-in.md). In a "
            "program with one user, call app.auth.sign_out() first.",
            SessionReplacedWarning,
            stacklevel=2,
        )

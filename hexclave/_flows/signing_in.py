"""The base class of all sign-in flows: stores the tokens in the session."""

from typing import Final, TypeVar

from hexclave._engine.context import Context
from hexclave._engine.exchange import exchange
from hexclave._engine.session import Session, received
from hexclave._flows.base import Flows
from hexclave._steps import Steps
from hexclave.errors import SessionExpired, UnsafeUseError
from hexclave.tokens import FixedTokens
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
        yield session.save(received(result.access_token, result.refresh_token))
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

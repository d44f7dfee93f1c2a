"""Signing in, up and out. Each flow leaves the session's store with what it got."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlencode

import attrs

from hexclave._call import Mode, Resource, call
from hexclave._context import Context
from hexclave._exchange import exchange
from hexclave._secret import Secret
from hexclave._session import Session
from hexclave._steps import Sleep, Steps
from hexclave.errors import (
    CliAuthExpiredError,
    CliAuthUsedError,
    InvalidAccessToken,
    MultiFactorAuthenticationRequired,
    RefreshTokenError,
    SessionExpired,
    TotalTimeout,
    UnsafeUseError,
    UserAuthenticationRequired,
)
from hexclave.oauth import OAuthAuthorization, Pkce
from hexclave.tokens import FixedTokens, Tokens
from hexclave_api.models import OAuthTokens, SentSignInCode, SignInOrSignUpResult, SignInResult
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import auth, cli_auth, oauth, sessions

Signed = TypeVar("Signed", SignInResult, SignInOrSignUpResult, OAuthTokens)

PUBLIC_CLIENT = "__stack_public_client__"
"""Stands for the client secret where a project requires no publishable key."""


@attrs.frozen
class PendingCliLogin:
    """A login of a command-line program that the user still has to confirm in a browser."""

    url: str
    """The page to open."""
    login_code: str
    polling_code: Secret
    expires_at: datetime


class Auth(Resource[Mode]):
    """How the user of the app's session signs in, up and out."""

    @call
    def sign_in_with_password(self, *, email: str, password: str) -> Steps[SignInResult]:
        """Signs in; the session holds the tokens. POST /auth/password/sign-in.

        Raises:
            EmailPasswordMismatch: no such user, or another password.
            MultiFactorAuthenticationRequired: go on with `sign_in_with_mfa`.
            PasswordAuthenticationNotEnabled: the project does not use passwords.
        """
        return self._sign_in(auth.sign_in_with_password(email=email, password=password))

    @call
    def sign_up_with_password(
        self,
        *,
        email: str,
        password: str,
        verification_callback_url: str | Unset = UNSET,
        bot_challenge_token: str | Unset = UNSET,
    ) -> Steps[SignInResult]:
        """Creates a user and signs in. An anonymous user of the session keeps its id. POST /auth/password/sign-up.

        `password` has 8 to 70 characters. `verification_callback_url` is the page that the link in the verification
        e-mail opens; without it no e-mail is sent.

        Raises:
            UserWithEmailAlreadyExists, PasswordTooShort, PasswordTooLong, SignUpNotEnabled, SignUpRejected,
            RedirectUrlNotWhitelisted, BotChallengeRequired, BotChallengeFailed: as their names say.
        """
        return self._sign_in(
            auth.sign_up_with_password(
                email=email,
                password=password,
                verification_callback_url=verification_callback_url,
                bot_challenge_token=bot_challenge_token,
            )
        )

    @call
    def send_sign_in_code(self, *, email: str, callback_url: str) -> Operation[SentSignInCode]:
        """Sends an e-mail with a magic link and a six-character code. POST /auth/otp/send-sign-in-code.

        Keep the `nonce` of the result for `sign_in_with_code`, if the user is to type the six characters. The link
        opens `callback_url` with the whole code as query parameter `code`.

        Raises:
            RedirectUrlNotWhitelisted: `callback_url` is not on a domain that the project trusts.
        """
        return auth.send_sign_in_code(email=email, callback_url=callback_url)

    @call
    def sign_in_with_code(self, code: str, *, nonce: str | None = None) -> Steps[SignInOrSignUpResult]:
        """Signs in, or up, with the code of an e-mail. POST /auth/otp/sign-in.

        `code` is the 45 characters of a magic link, or the six that a user typed together with the `nonce` that
        `send_sign_in_code` returned.

        Raises:
            VerificationCodeNotFound, VerificationCodeExpired, VerificationCodeAlreadyUsed,
            VerificationCodeMaxAttemptsReached: the code does not work, or no longer.
            MultiFactorAuthenticationRequired: go on with `sign_in_with_mfa`.
        """
        return self._sign_in(auth.sign_in_with_code(code=code.strip() + (nonce or "")))

    @call
    def sign_in_with_mfa(
        self, required: MultiFactorAuthenticationRequired | str, *, totp: str
    ) -> Steps[SignInOrSignUpResult]:
        """Ends a sign-in that asked for a second factor. POST /auth/mfa/sign-in.

        `required` is the error of the first step, or its `attempt_code`; `totp` the six digits of the authenticator.

        Raises:
            InvalidTotpCode: the digits are wrong.
            VerificationCodeError: the attempt is over; sign in anew.
        """
        code = required if isinstance(required, str) else required.attempt_code
        if not code:
            raise UnsafeUseError("The error carries no attempt_code; sign in anew.")
        return self._sign_in(auth.sign_in_with_mfa(totp=totp, code=code))

    @call
    def sign_up_anonymously(self) -> Steps[SignInResult]:
        """Creates a user without e-mail or password, whom only this session can ever act for.

        POST /auth/anonymous/sign-up.

        Raises:
            AnonymousAccountsNotEnabled: the project does not use them.
            UnsafeUseError: the app was made without `allow_anonymous=True`, so the API would refuse every later call.
        """
        if not self._context.allow_anonymous:
            raise UnsafeUseError("sign_up_anonymously needs an app made with allow_anonymous=True.")
        return self._sign_in(auth.sign_up_anonymously())

    @call
    def sign_out(self) -> Steps[None]:
        """Ends the session at the API and empties the store; nothing happens when nobody is signed in.

        DELETE /auth/sessions/current. Access tokens that were handed out before stay valid until they expire.

        Raises:
            HexclaveError: the API could not be asked; the tokens are kept, so that it can be tried again.
        """
        app, session = self._context, self._session()
        tokens = yield session.load()
        if tokens is None:
            return
        # With these there is no session to end any more, which is what was asked for.
        with suppress(RefreshTokenError, InvalidAccessToken, UserAuthenticationRequired):
            yield from exchange(app, sessions.sign_out())
        yield session.compare_and_set(tokens.refresh_token, None)

    @call
    def get_access_token(self) -> Steps[str | None]:
        """An access token that is good for at least 20 more seconds, `None` when signed out. For calls to your backend.

        Raises:
            SessionExpired: the session has ended; the store has been emptied.
        """
        token = yield from self._access_token()
        return None if token is None else token.reveal()

    @call
    def start_oauth(
        self,
        provider_id: str,
        *,
        redirect_uri: str,
        link: bool = False,
        provider_scopes: Sequence[str] = (),
        after_callback_redirect_url: str | Unset = UNSET,
        error_redirect_uri: str | Unset = UNSET,
    ) -> Steps[OAuthAuthorization]:
        """What starts a sign-in with an OAuth provider: send the browser to its `url`.

        `redirect_uri` is your page that receives `code` and `state`; it must be on a trusted domain and without these
        two parameters. `link` adds the provider's account to the signed-in user.

        GET /auth/oauth/authorize/{provider_id}.

        Raises:
            UnsafeUseError: `link` without a signed-in user.
        """
        app, token = self._context, None
        if link:
            token = yield from self._access_token()
            if token is None:
                raise UnsafeUseError("start_oauth(link=True) needs a signed-in user.")
        pkce, state = Pkce.new(), secrets.token_urlsafe(24)
        operation = oauth.start_oauth_flow(
            provider_id.lower(),
            type_="link" if link else "authenticate",
            token=UNSET if token is None else token.reveal(),
            client_id=app.client_id,
            client_secret=self._client_secret(),
            redirect_uri=redirect_uri,
            scope="legacy",
            state=state,
            code_challenge=pkce.challenge,
            response_type="code",
            provider_scope=" ".join(provider_scopes) or UNSET,
            after_callback_redirect_url=after_callback_redirect_url,
            error_redirect_uri=error_redirect_uri,
        )
        return OAuthAuthorization(app.base_url + operation.url, redirect_uri, state, pkce.verifier)

    @call
    def finish_oauth(self, authorization: OAuthAuthorization, *, callback_url: str) -> Steps[OAuthTokens]:
        """Signs in with the URL that the browser was sent back to. POST /auth/oauth/token.

        Raises:
            UnsafeUseError: the callback belongs to another sign-in.
            OAuthCallbackError: the callback reports a failure.
            InvalidAuthorizationCode: the code was used before or is too old.
            MultiFactorAuthenticationRequired: go on with `sign_in_with_mfa`.
        """
        return self._sign_in(
            oauth.exchange_oauth_token(
                grant_type="authorization_code",
                code=authorization.code_from(callback_url),
                redirect_uri=authorization.redirect_uri,
                code_verifier=authorization.code_verifier.reveal(),
                client_id=self._context.client_id,
                client_secret=self._client_secret(),
            )
        )

    @call
    def start_cli_login(
        self, *, app_url: str, expires_in: timedelta | None = None, anon_refresh_token: str | Unset = UNSET
    ) -> Steps[PendingCliLogin]:
        """The start of a login for a command-line program: show its `url`, then `finish_cli_login`. POST /auth/cli.

        `app_url` is the web app that hosts the confirmation page; `expires_in` at most 24 hours.
        """
        started = yield from exchange(
            self._alone(),
            cli_auth.start_cli_login(
                expires_in_millis=UNSET if expires_in is None else round(expires_in.total_seconds() * 1000),
                anon_refresh_token=anon_refresh_token,
            ),
        )
        query = urlencode({"login_code": started.login_code})
        return PendingCliLogin(
            url=f"{app_url.rstrip('/')}/handler/cli-auth-confirm?{query}",
            login_code=started.login_code,
            polling_code=Secret(started.polling_code),
            expires_at=datetime.fromisoformat(started.expires_at).astimezone(UTC),
        )

    @call
    def finish_cli_login(
        self, pending: PendingCliLogin, *, poll_every: timedelta = timedelta(seconds=2), within: timedelta | None = None
    ) -> Steps[None]:
        """Waits until the user has confirmed; then the session is signed in. POST /auth/cli/poll.

        Asks every `poll_every` until the login expires, or gives up after `within`.

        Raises:
            CliAuthExpiredError: nobody confirmed in time.
            CliAuthUsedError: another program has fetched this login.
            TotalTimeout: `within` is over; the login may still be confirmed, so it can be waited for again.
        """
        app, session = self._context, self._session()
        ends = None if within is None else app.clock.monotonic() + within.total_seconds()
        while True:
            answer = yield from exchange(
                self._alone(), cli_auth.poll_cli_login(polling_code=pending.polling_code.reveal())
            )
            if answer.refresh_token is not None:
                yield session.save(Tokens(refresh_token=answer.refresh_token))
                return
            if answer.status == "used":
                raise CliAuthUsedError("Another program has already fetched this login.")
            if answer.status != "waiting":
                raise CliAuthExpiredError("Nobody confirmed the login in time.")
            wait = max(0.1, poll_every.total_seconds())
            if ends is not None and app.clock.monotonic() + wait > ends:
                raise TotalTimeout(f"Nobody confirmed the login within {within}.")
            yield Sleep(wait)

    def _sign_in(self, operation: Operation[Signed]) -> Steps[Signed]:
        session = self._session()
        if isinstance(session.store, FixedTokens):
            raise UnsafeUseError("FixedTokens keeps the session it was given; sign in with a MemoryTokenStore.")
        try:
            # With the session's tokens, because an anonymous user that signs up keeps its id.
            result = yield from exchange(self._context, operation)
        except SessionExpired:
            result = None
        if result is None:
            result = yield from exchange(self._alone(), operation)
        yield session.save(Tokens(result.access_token, result.refresh_token))
        return result

    def _access_token(self) -> Steps[Secret | None]:
        app, session = self._context, self._session()
        deadline = None if app.timeout.total is None else app.clock.monotonic() + app.timeout.total
        tokens = yield from session.tokens(app, rejected=None, deadline=deadline)
        return None if tokens is None else tokens.access_token

    def _session(self) -> Session:
        session = self._context.session
        if session is None:
            raise UnsafeUseError("The app has no session to sign in: use app.with_session(store).")
        return session

    def _alone(self) -> Context:
        return attrs.evolve(self._context, session=None)

    def _client_secret(self) -> str:
        key = self._context.publishable_client_key
        return PUBLIC_CLIENT if key is None else key.reveal()

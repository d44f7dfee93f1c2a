"""Signing in, up and out. Each flow stores the tokens it receives in the session's token store."""

import base64
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from hexclave._engine.exchange import exchange
from hexclave._flows.cli_login import CliLogin
from hexclave._flows.oauth_sign_in import OAuthSignIn
from hexclave._flows.passkeys import Passkeys
from hexclave._steps import Steps
from hexclave.errors import (
    InvalidAccessToken,
    MultiFactorAuthenticationRequired,
    RefreshTokenError,
    UnsafeUseError,
    UserAuthenticationRequired,
)
from hexclave_api.models import SignInOrSignUpResult, SignInResult
from hexclave_api.operation import UNSET, Unset
from hexclave_api.operations import auth, sessions
from hexclave_api.secret import Secret, SecretText, hidden

if TYPE_CHECKING:
    from hexclave.verify import AccessTokenClaims


class AuthFlows(OAuthSignIn, CliLogin, Passkeys):
    """Sign-in, sign-up and sign-out of the app's session."""

    resource = "auth"
    access = ("client",)

    def sign_in_with_password(self, *, email: str, password: SecretText) -> Steps[SignInResult]:
        """Sign in and store the tokens in the session. POST /auth/password/sign-in.

        Raises:
            EmailPasswordMismatch: the email or the password is incorrect.
            MultiFactorAuthenticationRequired: continue with `sign_in_with_mfa`.
            PasswordAuthenticationNotEnabled: the project does not use passwords.
        """
        return self._sign_in(auth.sign_in_with_password(email=email, password=password))

    def sign_up_with_password(
        self,
        *,
        email: str,
        password: SecretText,
        verification_callback_url: str | Unset = UNSET,
        bot_challenge_token: SecretText | Unset = UNSET,
    ) -> Steps[SignInResult]:
        """Create a user and sign in. An anonymous user of the session keeps its id. POST /auth/password/sign-up.

        `password` has 8 to 70 characters. `verification_callback_url` is the page that the link in the verification
        email opens; without it no email is sent.

        Raises:
            UserWithEmailAlreadyExists, PasswordTooShort, PasswordTooLong, SignUpNotEnabled, SignUpRejected,
            RedirectUrlNotWhitelisted, BotChallengeRequired, BotChallengeFailed: the sign-up was rejected.
        """
        return self._sign_in(
            auth.sign_up_with_password(
                email=email,
                password=password,
                verification_callback_url=verification_callback_url,
                bot_challenge_token=bot_challenge_token,
            )
        )

    def sign_in_with_code(self, code: SecretText, *, nonce: SecretText | None = None) -> Steps[SignInOrSignUpResult]:
        """Sign in or up with the code of an email. POST /auth/otp/sign-in.

        `code` is the 45-character code of a magic link, or the six characters that the user typed; the latter need the
        `nonce` returned by `send_sign_in_code`.

        Raises:
            VerificationCodeNotFound, VerificationCodeExpired, VerificationCodeAlreadyUsed,
            VerificationCodeMaxAttemptsReached: the code is rejected.
            MultiFactorAuthenticationRequired: continue with `sign_in_with_mfa`.
        """
        return self._sign_in(auth.sign_in_with_code(code=_whole(code, nonce)))

    def sign_in_with_mfa(
        self, required: MultiFactorAuthenticationRequired | SecretText, *, totp: SecretText
    ) -> Steps[SignInOrSignUpResult]:
        """Complete a sign-in that requires a second factor. POST /auth/mfa/sign-in.

        `required` is the error of the first step, or its `attempt_code`; `totp` the six digits of the authenticator.

        Raises:
            InvalidTotpCode: the digits are wrong.
            VerificationCodeError: the attempt has ended; sign in again.
        """
        code = required if isinstance(required, str | Secret) else required.attempt_code
        if code is None or not hidden(code).reveal():
            raise UnsafeUseError("The error has no attempt_code; sign in again.")
        return self._sign_in(auth.sign_in_with_mfa(totp=totp, code=code))

    def sign_up_anonymously(self) -> Steps[SignInResult]:
        """Create a user without email or password. Only this session can act as that user.

        POST /auth/anonymous/sign-up.

        Raises:
            AnonymousAccountsNotEnabled: anonymous accounts are disabled in the project.
            UnsafeUseError: the app was created without `allow_anonymous=True`; the API would reject all later calls.
        """
        if not self._context.allow_anonymous:
            raise UnsafeUseError("sign_up_anonymously needs an app created with allow_anonymous=True.")
        return self._sign_in(auth.sign_up_anonymously())

    def sign_out(self) -> Steps[None]:
        """End the session and clear the token store. Does nothing when signed out.

        DELETE /auth/sessions/current. Issued access tokens stay valid until they expire.

        Raises:
            HexclaveError: the call failed; the tokens are kept, so that signing out can be retried.
        """
        app, session = self._context, self._session()
        tokens = yield session.load()
        if tokens is None:
            return
        # The session has already ended.
        with suppress(RefreshTokenError, InvalidAccessToken, UserAuthenticationRequired):
            yield from exchange(app, sessions.sign_out())
        yield session.compare_and_set(tokens.refresh_token, None)

    def get_access_token(self) -> Steps[Secret | None]:
        """Return an access token valid for at least 20 seconds, or `None` when signed out. For calls to your backend.

        Raises:
            SessionExpired: the session has ended; the token store has been cleared.
        """
        return (yield from self._access_token())

    def get_refresh_token(self) -> Steps[Secret | None]:
        """Return the refresh token of the session, or `None`. Makes no call."""
        tokens = yield self._session().load()
        return None if tokens is None else tokens.refresh_token

    def get_authorization_header(self) -> Steps[Secret | None]:
        """Return an `Authorization` header that identifies the user to your backend, or `None` when signed out.

        It contains both tokens, so send it only to your own backend. A Python backend verifies it with
        `hexclave.verify`.

        Raises:
            SessionExpired: the session has ended; the token store has been cleared.
        """
        access_token = yield from self._access_token()
        if access_token is None:
            return None
        tokens = yield self._session().load()
        refresh_token = None if tokens is None or tokens.refresh_token is None else tokens.refresh_token.reveal()
        pair = json.dumps({"accessToken": access_token.reveal(), "refreshToken": refresh_token})
        return Secret(f"Bearer stackauth_{base64.b64encode(pair.encode()).decode()}")

    def get_partial_user(self) -> Steps["AccessTokenClaims | None"]:
        """Return the claims of the session's access token, for display only; `None` when signed out.

        Makes a call only if the token has to be refreshed.

        Raises:
            SessionExpired: the session has ended; the token store has been cleared.
        """
        from hexclave.verify import read_unverified

        access_token = yield from self._access_token()
        return None if access_token is None else read_unverified(access_token)


def _whole(code: SecretText, nonce: SecretText | None) -> Secret:
    texts = [hidden(code).reveal().strip(), "" if nonce is None else hidden(nonce).reveal()]
    whole: Secret = hidden("".join(texts))
    return whole

"""Signing in, up and out. Each flow leaves the session's store with what it got."""

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
    """How the user of the app's session signs in, up and out."""

    resource = "auth"
    access = ("client",)

    def sign_in_with_password(self, *, email: str, password: SecretText) -> Steps[SignInResult]:
        """Signs in; the session holds the tokens. POST /auth/password/sign-in.

        Raises:
            EmailPasswordMismatch: no such user, or another password.
            MultiFactorAuthenticationRequired: go on with `sign_in_with_mfa`.
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

    def sign_in_with_code(self, code: SecretText, *, nonce: SecretText | None = None) -> Steps[SignInOrSignUpResult]:
        """Signs in, or up, with the code of an e-mail. POST /auth/otp/sign-in.

        `code` is the 45 characters of a magic link, or the six that a user typed together with the `nonce` that
        `send_sign_in_code` returned.

        Raises:
            VerificationCodeNotFound, VerificationCodeExpired, VerificationCodeAlreadyUsed,
            VerificationCodeMaxAttemptsReached: the code does not work, or no longer.
            MultiFactorAuthenticationRequired: go on with `sign_in_with_mfa`.
        """
        return self._sign_in(auth.sign_in_with_code(code=_whole(code, nonce)))

    def sign_in_with_mfa(
        self, required: MultiFactorAuthenticationRequired | SecretText, *, totp: SecretText
    ) -> Steps[SignInOrSignUpResult]:
        """Ends a sign-in that asked for a second factor. POST /auth/mfa/sign-in.

        `required` is the error of the first step, or its `attempt_code`; `totp` the six digits of the authenticator.

        Raises:
            InvalidTotpCode: the digits are wrong.
            VerificationCodeError: the attempt is over; sign in anew.
        """
        code = required if isinstance(required, str | Secret) else required.attempt_code
        if code is None or not hidden(code).reveal():
            raise UnsafeUseError("The error carries no attempt_code; sign in anew.")
        return self._sign_in(auth.sign_in_with_mfa(totp=totp, code=code))

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

    def get_access_token(self) -> Steps[Secret | None]:
        """An access token that is good for at least 20 more seconds, `None` when signed out. For calls to your backend.

        Raises:
            SessionExpired: the session has ended; the store has been emptied.
        """
        return (yield from self._access_token())

    def get_refresh_token(self) -> Steps[Secret | None]:
        """The refresh token of the session, `None` when there is none. No call is made."""
        tokens = yield self._session().load()
        return None if tokens is None else tokens.refresh_token

    def get_authorization_header(self) -> Steps[Secret | None]:
        """The value of an `Authorization` header with which your backend knows the user; `None` when signed out.

        It holds both tokens, so send it to nobody else. A backend in Python reads it with `hexclave.verify`.

        Raises:
            SessionExpired: the session has ended; the store has been emptied.
        """
        access_token = yield from self._access_token()
        if access_token is None:
            return None
        tokens = yield self._session().load()
        refresh_token = None if tokens is None or tokens.refresh_token is None else tokens.refresh_token.reveal()
        pair = json.dumps({"accessToken": access_token.reveal(), "refreshToken": refresh_token})
        return Secret(f"Bearer stackauth_{base64.b64encode(pair.encode()).decode()}")

    def get_partial_user(self) -> Steps["AccessTokenClaims | None"]:
        """What the session's access token says of its user, for showing a name; `None` when signed out.

        A call is made only if the token has to be refreshed.

        Raises:
            SessionExpired: the session has ended; the store has been emptied.
        """
        from hexclave.verify import read_unverified

        access_token = yield from self._access_token()
        return None if access_token is None else read_unverified(access_token)


def _whole(code: SecretText, nonce: SecretText | None) -> Secret:
    texts = [hidden(code).reveal().strip(), "" if nonce is None else hidden(nonce).reveal()]
    whole: Secret = hidden("".join(texts))
    return whole

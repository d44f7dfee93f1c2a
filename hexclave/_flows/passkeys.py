"""Sign-in with a passkey: between the two calls the browser creates its response."""

from collections.abc import Mapping

from hexclave._flows.signing_in import SigningIn
from hexclave._steps import Steps
from hexclave_api.models import SignInOrSignUpResult
from hexclave_api.operation import JsonValue
from hexclave_api.operations import auth
from hexclave_api.secret import SecretText


class Passkeys(SigningIn):
    """Flows."""

    def sign_in_with_passkey(
        self, authentication_response: Mapping[str, JsonValue], *, code: SecretText
    ) -> Steps[SignInOrSignUpResult]:
        """Sign in with the browser's response to the options of `start_passkey_sign_in`, and their `code`.

        POST /auth/passkey/sign-in.

        Raises:
            PasskeyAuthenticationFailed: no user has this passkey, or the response is invalid.
        """
        return self._sign_in(auth.sign_in_with_passkey(authentication_response=authentication_response, code=code))

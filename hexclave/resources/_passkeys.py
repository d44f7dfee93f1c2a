"""Signing in with a passkey: the browser's part happens between the two calls of each pair."""

from collections.abc import Mapping

from hexclave._call import Mode, call
from hexclave._lift import performs, silent
from hexclave._steps import Steps
from hexclave.resources._signing_in import SigningIn
from hexclave_api.models import SignInOrSignUpResult
from hexclave_api.operation import JsonValue, Operation
from hexclave_api.operations import auth
from hexclave_api.secret import SecretText


class Passkeys(SigningIn[Mode]):
    start_passkey_sign_in = performs(auth.initiate_passkey_authentication)
    start_passkey_registration = performs(auth.initiate_passkey_registration)

    @call
    def sign_in_with_passkey(
        self, authentication_response: Mapping[str, JsonValue], *, code: SecretText
    ) -> Steps[SignInOrSignUpResult]:
        """Signs in with what the browser answered to the options of `start_passkey_sign_in`, and their `code`.

        POST /auth/passkey/sign-in.

        Raises:
            PasskeyAuthenticationFailed: no user has this passkey, or the answer is wrong.
        """
        return self._sign_in(auth.sign_in_with_passkey(authentication_response=authentication_response, code=code))

    @call
    def register_passkey(self, credential: Mapping[str, JsonValue], *, code: SecretText) -> Operation[None]:
        """Gives the signed-in user the passkey that the browser made from the options of `start_passkey_registration`.

        POST /auth/passkey/register.

        Raises:
            PasskeyRegistrationFailed: the answer is wrong.
        """
        return silent(auth.register_passkey(credential=credential, code=code))

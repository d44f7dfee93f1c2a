"""Passkeys."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError


class PasskeyAuthenticationFailed(KnownError, BadRequestError):
    """The passkey's answer was not accepted for signing in."""

    code = "PASSKEY_AUTHENTICATION_FAILED"


class PasskeyAuthenticationNotEnabled(KnownError, BadRequestError):
    """The project does not let users sign in with passkeys."""

    code = "PASSKEY_AUTHENTICATION_NOT_ENABLED"
    hint = "Switch passkeys on in the project."


class PasskeyRegistrationFailed(KnownError, BadRequestError):
    """The new passkey was not accepted."""

    code = "PASSKEY_REGISTRATION_FAILED"


class PasskeyWebAuthnError(KnownError, BadRequestError):
    """The browser or device refused the passkey; the API itself does not send this."""

    code = "PASSKEY_WEBAUTHN_ERROR"
    webauthn_message = detail(str, "message")
    webauthn_code = detail(str, "code")

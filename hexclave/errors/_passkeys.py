"""Errors of passkeys."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError


class PasskeyAuthenticationFailed(KnownError, BadRequestError):
    """The passkey could not be verified for sign-in."""

    code: str | None = "PASSKEY_AUTHENTICATION_FAILED"


class PasskeyAuthenticationNotEnabled(KnownError, BadRequestError):
    """Passkey sign-in is not enabled for the project."""

    code: str | None = "PASSKEY_AUTHENTICATION_NOT_ENABLED"
    hint = "Enable passkeys in the project."


class PasskeyRegistrationFailed(KnownError, BadRequestError):
    """The new passkey could not be registered."""

    code: str | None = "PASSKEY_REGISTRATION_FAILED"


class PasskeyWebAuthnError(KnownError, BadRequestError):
    """The browser or device rejected the passkey; not sent by the API itself."""

    code: str | None = "PASSKEY_WEBAUTHN_ERROR"
    webauthn_message: str | None = detail(str, "message")
    webauthn_code: str | None = detail(str, "code")

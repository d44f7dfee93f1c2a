"""Errors of token verification, one for each check."""

from hexclave.errors import HexclaveError


class InvalidTokenError(HexclaveError):
    """The access token is invalid. Messages of these errors contain no part of the token."""

    hint = "Respond with 401; the client needs a fresh access token of this project."

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # Tracebacks and pickles show the public module, so that classes can move between private modules.
        cls.__module__ = "hexclave.verify"


class MalformedTokenError(InvalidTokenError):
    """The text is not an access token: not a JWT signed with ES256, or a claim is missing or of the wrong type."""


class UnknownSigningKeyError(InvalidTokenError):
    """The token's signing key (`kid`) is not one of the project's keys for this kind of user."""


class TokenSignatureError(InvalidTokenError):
    """The token's signature is invalid: it was modified or forged."""


class WrongAudienceError(InvalidTokenError):
    """The token was issued for another project or branch."""

    hint = "Check that the browser app and this backend use the same project ID."


class WrongIssuerError(InvalidTokenError):
    """The token was issued by another deployment, or for another kind of user."""

    hint = "If your deployment has a second URL, pass it: Verifier(app, issuers=[…])."


class TokenExpiredError(InvalidTokenError):
    """The token has expired."""

    hint = "Respond with 401; clients refresh their access token and retry the request."


class TokenNotYetValidError(InvalidTokenError):
    """The token is not valid yet (`nbf`)."""

    hint = "Check the clock of this machine."


class InconsistentTokenError(InvalidTokenError):
    """The token's claims about the kind of user contradict each other."""


class RestrictedUserError(InvalidTokenError):
    """The token belongs to a restricted user, and restricted users are not allowed here."""

    hint = "Respond with 403 and have the user lift the restriction, or pass allow_restricted=True."


class AnonymousUserError(RestrictedUserError):
    """The token belongs to an anonymous user, and anonymous users are not allowed here."""

    hint = "Respond with 403 and have the user sign up, or pass allow_anonymous=True."


InvalidTokenError.__module__ = "hexclave.verify"

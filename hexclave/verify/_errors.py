"""Why a token does not prove who is calling: one class for each check that can fail."""

from hexclave.errors import HexclaveError


class InvalidTokenError(HexclaveError):
    """The access token does not prove who is calling. No text of these errors holds any part of the token."""

    hint = "Answer 401; the client has to come back with a fresh access token of this project."

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # Tracebacks and pickles name the public module, so classes can move between the private ones.
        cls.__module__ = "hexclave.verify"


class MalformedTokenError(InvalidTokenError):
    """It is no access token: not a signed JWT with ES256, or a claim is missing or of another type."""


class UnknownSigningKeyError(InvalidTokenError):
    """It names a key that the project does not use for users of this kind."""


class TokenSignatureError(InvalidTokenError):
    """Its signature does not hold: somebody changed or made up the token."""


class WrongAudienceError(InvalidTokenError):
    """It was issued for another project or branch."""

    hint = "Check that the browser app and this backend use the same project id."


class WrongIssuerError(InvalidTokenError):
    """It was issued by another deployment, or as a token for another kind of user."""

    hint = "If your own deployment has a second URL, name it: Verifier(app, issuers=[…])."


class TokenExpiredError(InvalidTokenError):
    """It is too old."""

    hint = "Answer 401; clients refresh their access token and repeat the request."


class TokenNotYetValidError(InvalidTokenError):
    """It may not be used before some later moment."""

    hint = "Check the clock of this machine."


class InconsistentTokenError(InvalidTokenError):
    """Its claims contradict each other about what kind of user it is for."""


class RestrictedUserError(InvalidTokenError):
    """It belongs to a restricted user, and those are not admitted here."""

    hint = "Answer 403 and have the user lift the restriction, or admit such users with allow_restricted=True."


class AnonymousUserError(RestrictedUserError):
    """It belongs to an anonymous user, and those are not admitted here."""

    hint = "Answer 403 and have the user sign up, or admit such users with allow_anonymous=True."


InvalidTokenError.__module__ = "hexclave.verify"

"""Claims of a token that nobody checked."""

from hexclave.verify._claims import AccessTokenClaims, read_claims
from hexclave.verify._errors import InvalidTokenError
from hexclave.verify._jws import json_object, split
from hexclave_api.secret import Secret


def read_unverified(token: str | Secret) -> AccessTokenClaims:
    """What a token says, whether it is true or not: anybody can make one that says anything.

    Good for showing a name in a program that holds the user's own token, and for finding out why `verify` refuses one.
    Never decide by it who is calling.

    Raises:
        MalformedTokenError: it is no access token.
        InconsistentTokenError: its claims contradict each other.
    """
    text = token.reveal() if isinstance(token, Secret) else token
    try:
        return read_claims(json_object(split(text).payload, "payload"))
    except InvalidTokenError as error:
        failure = error.with_traceback(None)
    finally:
        del token, text
    raise failure

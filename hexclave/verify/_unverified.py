"""Claims of unverified tokens."""

from hexclave.verify._claims import AccessTokenClaims, read_claims
from hexclave.verify._errors import InvalidTokenError
from hexclave.verify._jws import json_object, split
from hexclave_api.secret import Secret


def read_unverified(token: str | Secret) -> AccessTokenClaims:
    """Read the claims of a token without verifying it: anybody can forge one.

    Use it to show a name in a program that has the user's own token, or to find out why `verify` rejects a token. Never
    use it to authenticate a caller.

    Raises:
        MalformedTokenError: it is not an access token.
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

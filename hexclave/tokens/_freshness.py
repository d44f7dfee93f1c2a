"""Age and remaining lifetime of an access token, read without verifying it."""

import base64
import json
import math
from typing import Final

from hexclave.tokens._store import Tokens
from hexclave_api.secret import Secret

MIN_REMAINING: Final = 20.0
MAX_AGE: Final = 75.0


def is_fresh(
    access_token: Secret, now: float, *, min_remaining: float = MIN_REMAINING, max_age: float = MAX_AGE
) -> bool:
    """Return whether the token expires in more than `min_remaining` seconds and is younger than `max_age`.

    `now` is Unix time by the server's clock: `time.time() + clock_skew(…)`. A malformed token is not fresh.
    """
    issued, expires = _times(access_token)
    return issued is not None and expires is not None and expires - now > min_remaining and now - issued < max_age


def clock_skew(access_token: Secret, received_at: float) -> float:
    """Return how many seconds the server's clock is ahead, by a token that it just issued; 0 if unknown.

    Too low by at most the latency of the reply plus one second, because tokens have whole seconds.
    """
    issued, _ = _times(access_token)
    return 0.0 if issued is None else issued - received_at


def issued_at(tokens: Tokens) -> float:
    """Return the Unix time at which the access token was issued; 0 if there is none."""
    issued = None if tokens.access_token is None else _times(tokens.access_token)[0]
    return 0.0 if issued is None else issued


def _times(access_token: Secret) -> tuple[float | None, float | None]:
    """Return the claims `iat` and `exp`."""
    try:
        _, payload, _ = access_token.reveal().split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(claims, dict):
        return None, None
    return _number(claims.get("iat")), _number(claims.get("exp"))


def _number(claim: object) -> float | None:
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        return None
    try:
        return float(claim) if math.isfinite(claim) else None
    except OverflowError:
        return None

"""How old an access token is and what life it has left, read without verifying it: the server has the last word."""

import base64
import json
import math
from typing import Final

from hexclave_api.secret import Secret

MIN_REMAINING: Final = 20.0
MAX_AGE: Final = 75.0


def is_fresh(
    access_token: Secret, now: float, *, min_remaining: float = MIN_REMAINING, max_age: float = MAX_AGE
) -> bool:
    """Whether the token can be sent as it is: more than `min_remaining` seconds left and younger than `max_age`.

    `now` is Unix time by the server's clock: `time.time() + clock_skew(…)`. A token that cannot be read is not fresh.
    """
    issued, expires = _times(access_token)
    return issued is not None and expires is not None and expires - now > min_remaining and now - issued < max_age


def clock_skew(access_token: Secret, received_at: float) -> float:
    """Seconds that the server's clock is ahead of ours, by a token that it issued just now; 0 if that does not say.

    Too low by at most the time the reply travelled, plus one second because tokens carry whole ones.
    """
    issued, _ = _times(access_token)
    return 0.0 if issued is None else issued - received_at


def _times(access_token: Secret) -> tuple[float | None, float | None]:
    """The claims `iat` and `exp`."""
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

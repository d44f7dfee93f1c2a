"""Responses to webhook deliveries."""

from collections.abc import Mapping
from typing import Final

import attrs

from hexclave.webhooks import Handled, InvalidWebhookError, Router

LARGEST: Final = 1 << 20
"""Maximum bytes of a delivery, because anybody can send one."""


@attrs.frozen
class Answer:
    status_code: int
    body: Mapping[str, str]


def respond(router: Router, body: bytes, request: object) -> Answer:
    """Handle a delivery and return the response. Errors of handlers propagate."""
    try:
        handled = router.handle(body, request)
    except InvalidWebhookError as error:
        return _invalid(error)
    return _done(handled)


async def arespond(router: Router, body: bytes, request: object) -> Answer:
    """Do the same as `respond` in async programs."""
    try:
        handled = await router.ahandle(body, request)
    except InvalidWebhookError as error:
        return _invalid(error)
    return _done(handled)


def _invalid(error: InvalidWebhookError) -> Answer:
    return Answer(400, {"error": error.message})


def _done(handled: Handled) -> Answer:
    return Answer(handled.status_code, {"outcome": handled.outcome})

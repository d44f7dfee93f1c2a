"""Errors of webhook verification."""

from hexclave.errors import HexclaveError


class InvalidWebhookError(HexclaveError):
    """The request is not a valid webhook of this project."""

    hint = "Respond with 400. If it should be valid, check that the secret is this endpoint's."

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # Tracebacks and pickles show the public module, so that classes can move between private modules.
        cls.__module__ = "hexclave.webhooks"


class WebhookHeadersError(InvalidWebhookError):
    """One of the three headers is missing or malformed."""


class WebhookSignatureError(InvalidWebhookError):
    """No signature matches the body and secret: the delivery is forged, or the body was modified."""

    hint = "Check that the secret is this endpoint's and that the raw body is passed, not a decoded or parsed one."


class WebhookTimestampError(InvalidWebhookError):
    """The delivery was signed too long ago or in the future: a replay attack, or a wrong clock."""

    hint = "Check the clock of this machine."


class MalformedWebhookError(InvalidWebhookError):
    """The delivery is signed correctly, but its body is not a JSON object with a type and data."""


InvalidWebhookError.__module__ = "hexclave.webhooks"

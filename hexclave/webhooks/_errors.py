"""Why a delivery is not taken for a webhook of the project."""

from hexclave.errors import HexclaveError


class InvalidWebhookError(HexclaveError):
    """The request is no webhook of this project."""

    hint = "Answer 400. If it should have been one, check that the secret is this endpoint's."

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # Tracebacks and pickles show the public module, so that classes can move between private modules.
        cls.__module__ = "hexclave.webhooks"


class WebhookHeadersError(InvalidWebhookError):
    """One of the three headers is missing or unreadable."""


class WebhookSignatureError(InvalidWebhookError):
    """No signature fits body and secret: somebody else sent it, or the body was changed on the way."""

    hint = "Check that the secret is this endpoint's and that nothing decodes, parses or rewrites the body before."


class WebhookTimestampError(InvalidWebhookError):
    """It was signed too long ago, or in the future: a recording that is played again, or a clock that is wrong."""

    hint = "Check the clock of this machine."


class MalformedWebhookError(InvalidWebhookError):
    """It is genuine and yet no event: no JSON object with a type and data."""


InvalidWebhookError.__module__ = "hexclave.webhooks"

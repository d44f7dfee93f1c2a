"""Errors of images attached to AI chat messages."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError


class ImageAttachmentTooLarge(KnownError, BadRequestError):
    """An image in the message is too large."""

    code: str | None = "IMAGE_ATTACHMENT_TOO_LARGE"
    max_bytes: int | None = detail(int)
    actual_bytes: int | None = detail(int)


class TooManyImageAttachments(KnownError, BadRequestError):
    """The message has too many images."""

    code: str | None = "TOO_MANY_IMAGE_ATTACHMENTS"
    max_images: int | None = detail(int)

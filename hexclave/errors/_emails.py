"""Errors of sending email: templates, rendering and the outbox."""

from datetime import datetime

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, ConflictError, KnownError


class EmailCapacityBoostAlreadyActive(KnownError, ConflictError):
    """The email capacity boost is already active."""

    code: str | None = "EMAIL_CAPACITY_BOOST_ALREADY_ACTIVE"
    expires_at: datetime | None = detail(datetime)


class EmailNotEditable(KnownError, BadRequestError):
    """The email in the outbox can no longer be edited."""

    code: str | None = "EMAIL_NOT_EDITABLE"
    email_id: str | None = detail(str)
    email_status: str | None = detail(str, "status")


class EmailRenderingError(KnownError, BadRequestError):
    """The email template or theme could not be rendered."""

    code: str | None = "EMAIL_RENDERING_ERROR"
    error: str | None = detail(str)


class EmailTemplateAlreadyExists(KnownError, ConflictError):
    """The project already has a custom template for this kind of email."""

    code: str | None = "EMAIL_TEMPLATE_ALREADY_EXISTS"


class RequiresCustomEmailServer(KnownError, BadRequestError):
    """The project must use its own email server for this."""

    code: str | None = "REQUIRES_CUSTOM_EMAIL_SERVER"
    hint = "Configure your own SMTP server in the project."


class TemplateSourceRewriteError(KnownError, BadRequestError):
    """The assistant could not rewrite the template source."""

    code: str | None = "TEMPLATE_SOURCE_REWRITE_ERROR"
    error: str | None = detail(str)

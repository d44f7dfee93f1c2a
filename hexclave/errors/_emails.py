"""Sending e-mail: templates, rendering and the outbox."""

from datetime import datetime

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, ConflictError, KnownError


class EmailCapacityBoostAlreadyActive(KnownError, ConflictError):
    """The sending capacity is boosted already."""

    code = "EMAIL_CAPACITY_BOOST_ALREADY_ACTIVE"
    expires_at = detail(datetime)


class EmailNotEditable(KnownError, BadRequestError):
    """The e-mail in the outbox has gone too far to be changed."""

    code = "EMAIL_NOT_EDITABLE"
    email_id = detail(str)
    email_status = detail(str, "status")


class EmailRenderingError(KnownError, BadRequestError):
    """The template or theme could not be turned into an e-mail."""

    code = "EMAIL_RENDERING_ERROR"
    error = detail(str)


class EmailTemplateAlreadyExists(KnownError, ConflictError):
    """The project has its own template for this kind of e-mail already."""

    code = "EMAIL_TEMPLATE_ALREADY_EXISTS"


class RequiresCustomEmailServer(KnownError, BadRequestError):
    """The project sends through the shared server, which cannot do this."""

    code = "REQUIRES_CUSTOM_EMAIL_SERVER"
    hint = "Set up an SMTP server of your own in the project."


class TemplateSourceRewriteError(KnownError, BadRequestError):
    """The assistant could not rewrite the source of the template."""

    code = "TEMPLATE_SOURCE_REWRITE_ERROR"
    error = detail(str)

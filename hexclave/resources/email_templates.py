"""Templates: e-mails with places for values."""

from hexclave._call import Mode, Resource
from hexclave._lift import does, gives, lists, performs
from hexclave_api.operations import email_templates


class EmailTemplates(Resource[Mode]):
    """The project's templates for e-mails."""

    list = lists(email_templates.list_email_templates, lambda reply: reply.templates)
    create = performs(email_templates.create_email_template)
    update = gives(email_templates.update_email_template, lambda updated: updated.rendered_html)
    delete = does(email_templates.delete_email_template)

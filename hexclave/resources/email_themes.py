"""Themes: the frame that e-mails share."""

from hexclave._call import Mode, Resource
from hexclave._lift import does, lists, performs
from hexclave_api.operations import email_themes


class EmailThemes(Resource[Mode]):
    """The project's themes for e-mails."""

    list = lists(email_themes.list_email_themes, lambda reply: reply.themes)
    get = performs(email_themes.get_email_theme)
    create = performs(email_themes.create_email_theme)
    update = performs(email_themes.update_email_theme)
    delete = does(email_themes.delete_email_theme)

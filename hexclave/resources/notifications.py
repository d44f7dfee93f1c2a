"""Which kinds of e-mail users want."""

from hexclave._call import Mode, Resource
from hexclave._lift import mine, paginates, performs
from hexclave_api.operations import notifications


class Notifications(Resource[Mode]):
    """Which kinds of e-mail the signed-in user wants."""

    list = paginates(mine(notifications.list_notification_preferences))
    update = performs(mine(notifications.update_notification_preference))


class ServerNotifications(Resource[Mode]):
    """Which kinds of e-mail any user wants."""

    list = paginates(notifications.list_notification_preferences)
    update = performs(notifications.update_notification_preference)

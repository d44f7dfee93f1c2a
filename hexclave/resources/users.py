"""The users of a project, as a server key sees them."""

from hexclave._call import Mode, Resource, finds, paginates, performs
from hexclave.errors import UserNotFound
from hexclave_api.operations import users


class Users(Resource[Mode]):
    """Reads and changes any user."""

    list = paginates(users.list_users)
    get = performs(users.get_user)
    find = finds(users.get_user, UserNotFound)
    create = performs(users.create_user)
    update = performs(users.update_user)
    delete = performs(users.delete_user)

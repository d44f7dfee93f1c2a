"""The users of a project, as a server key sees them."""

from hexclave._call import Mode, Resource, call
from hexclave._context import Context
from hexclave._exchange import exchange
from hexclave._lift import does, finds, found, paginates, performs, silent
from hexclave._steps import Steps
from hexclave.api_keys import InvalidApiKeyError, key_of
from hexclave.errors import ApiKeyNotValid, UserNotFound
from hexclave_api.models import ServerUser, UserApiKey
from hexclave_api.operation import Operation
from hexclave_api.operations import api_keys, users


class Users(Resource[Mode]):
    """Reads and changes any user."""

    list = paginates(users.list_users)
    get = performs(users.get_user)
    find = finds(users.get_user, UserNotFound)
    create = performs(users.create_user)
    update = performs(users.update_user)
    delete = does(users.delete_user)

    @call
    def set_password(self, user_id: str, password: str) -> Operation[None]:
        """Gives the user this password, whatever there was before. PATCH /users/{user_id}.

        Raises:
            UserNotFound: the project has no user with this id.
            PasswordRequirementsNotMet: it has fewer than 8 or more than 70 characters.
        """
        return silent(users.update_user(user_id, password=password))

    @call
    def get_by_api_key(self, api_key: str) -> Steps[ServerUser]:
        """The user whom an API key belongs to. POST /user-api-keys/check, then GET /users/{user_id}.

        Raises:
            InvalidApiKeyError: not sent: its form or checksum is wrong, or it is a team's.
            ApiKeyNotValid: it does not work: `ApiKeyNotFound`, `ApiKeyExpired`, `ApiKeyRevoked`, `WrongApiKeyType`.
        """
        return _owner(self._context, api_keys.check_user_api_key(api_key=key_of("user", api_key)))

    @call
    def find_by_api_key(self, api_key: str) -> Steps[ServerUser | None]:
        """The user whom an API key belongs to; `None` if it does not work. Every other failure is raised.

        POST /user-api-keys/check, then GET /users/{user_id}; neither where form or checksum of the key are wrong.
        """
        try:
            check = api_keys.check_user_api_key(api_key=key_of("user", api_key))
        except InvalidApiKeyError:
            return None
        finally:
            del api_key
        return (yield from found(_owner(self._context, check), ApiKeyNotValid, UserNotFound))


def _owner(context: Context, check: Operation[UserApiKey]) -> Steps[ServerUser]:
    key = yield from exchange(context, check)
    return (yield from exchange(context, users.get_user(key.user_id)))

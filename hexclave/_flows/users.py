"""The users of a project, as servers see them."""

from collections.abc import Callable, Container, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hexclave._engine.context import Context
from hexclave._engine.exchange import exchange
from hexclave._many import CONCURRENCY, Many
from hexclave._steps import Steps
from hexclave.errors import UserNotFound
from hexclave_api.models import ServerUser
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import users
from hexclave_api.pagination import PageReply, Pages
from hexclave_api.secret import SecretText

if TYPE_CHECKING:
    from hexclave_api.models import UserApiKey
from hexclave._flows.base import Flows, found


class UserFlows(Flows):
    """All users of the project."""

    resource = "users"
    access = ("server", "admin")

    def create_many(
        self,
        rows: Iterable[Mapping[str, Any]],
        *,
        concurrency: int = CONCURRENCY,
        ordered: bool = True,
        key: Callable[[Mapping[str, Any]], Hashable] | None = None,
        done: Container[Hashable] = (),
    ) -> Many[Mapping[str, Any], ServerUser]:
        """Create a user from each row of arguments for `create`, with an `Outcome` for each. POST /users.

        No call is made before the outcomes are iterated; `.run()` processes all and returns a `Summary`. At most
        `concurrency` calls are in flight; `ordered` keeps the order of the rows, otherwise outcomes are yielded as they
        complete. Rows whose `key` is in `done` are skipped, so that an interrupted run can be resumed.
        Memory stays constant. A row that fails does not stop the others.

        Raises:
            UnsafeUseError: `concurrency` is not a positive integer, or `done` is given without `key`.
        """
        return Many(
            rows, lambda row: users.create_user(**row), concurrency, ordered, key, done, name="users.create_many"
        )

    def update_many(
        self,
        rows: Iterable[tuple[str, Mapping[str, Any]]],
        *,
        concurrency: int = CONCURRENCY,
        ordered: bool = True,
        done: Container[Hashable] = (),
    ) -> Many[tuple[str, Mapping[str, Any]], ServerUser]:
        """Update a user for each row: an id, and arguments for `update`. PATCH /users/{user_id}. See `create_many`.

        Rows whose id is in `done` are skipped.
        """
        return Many(
            rows,
            lambda row: users.update_user(row[0], **row[1]),
            concurrency,
            ordered,
            lambda row: row[0],
            done,
            name="users.update_many",
        )

    def delete_many(
        self,
        user_ids: Iterable[str],
        *,
        concurrency: int = CONCURRENCY,
        ordered: bool = True,
        done: Container[Hashable] = (),
    ) -> Many[str, None]:
        """Delete users. DELETE /users/{user_id}. See `create_many`. Ids in `done` are skipped."""
        return Many(
            user_ids,
            lambda user_id: users.delete_user(user_id).silenced(),
            concurrency,
            ordered,
            lambda user_id: user_id,
            done,
            name="users.delete_many",
        )

    def export(self, *, start_at: str | Unset = UNSET) -> Pages[ServerUser]:
        """Return all users, including restricted and anonymous ones, oldest first, 1,000 per request. GET /users.

        Iterate the result; `.prefetched()` loads ahead. To resume, pass the id of the last processed user as
        `start_at`; that user is returned again.
        """

        def page(cursor: str | Unset) -> Operation[PageReply[ServerUser]]:
            return users.list_users(limit=1_000, include_restricted=True, include_anonymous=True, cursor=cursor)

        return Pages(page, start_at)

    def get_by_api_key(self, api_key: SecretText) -> Steps[ServerUser]:
        """Return the user that an API key belongs to. POST /user-api-keys/check, then GET /users/{user_id}.

        Raises:
            InvalidApiKeyError: the format or checksum is wrong, or it is a team's key; raised before any call.
            ApiKeyNotValid: the key is rejected: `ApiKeyNotFound`, `ApiKeyExpired`, `ApiKeyRevoked`, `WrongApiKeyType`.
        """
        return _owner(self._context, _check(api_key))

    def find_by_api_key(self, api_key: SecretText) -> Steps[ServerUser | None]:
        """Return the user that an API key belongs to, or `None` if the key is not valid. Other failures are raised.

        POST /user-api-keys/check, then GET /users/{user_id}; no call if the format or checksum of the key is wrong.
        """
        from hexclave.api_keys import InvalidApiKeyError
        from hexclave.errors import ApiKeyNotValid

        try:
            check = _check(api_key)
        except InvalidApiKeyError:
            return None
        finally:
            del api_key
        return (yield from found(_owner(self._context, check), ApiKeyNotValid, UserNotFound))


def _check(api_key: SecretText) -> Operation["UserApiKey"]:
    # Imported here, because few programs check keys, and these modules are large.
    from hexclave.api_keys import key_of
    from hexclave_api.operations.api_keys import check_user_api_key

    return check_user_api_key(api_key=key_of("user", api_key))


def _owner(context: Context, check: Operation["UserApiKey"]) -> Steps[ServerUser]:
    key = yield from exchange(context, check)
    return (yield from exchange(context, users.get_user(key.user_id)))

"""The user whose tokens the app's session holds."""

from hexclave._engine.exchange import exchange
from hexclave._engine.session import Session
from hexclave._flows.base import Flows, found
from hexclave._steps import Steps
from hexclave.errors import (
    AnonymousAuthenticationNotAllowed,
    CannotGetOwnUserWithoutUser,
    RestrictedUserNotAllowed,
    SessionExpired,
    UnsafeUseError,
)
from hexclave_api.models import CurrentUser, ServerUser
from hexclave_api.operations import users

SIGNED_OUT = (
    CannotGetOwnUserWithoutUser,
    SessionExpired,
    AnonymousAuthenticationNotAllowed,
    RestrictedUserNotAllowed,
)


class _AnyMeFlows(Flows):
    """What every access type can do with its own user."""

    def delete(self) -> Steps[None]:
        """Deletes the user and empties the session's store. DELETE /users/me.

        A client may do so only where the project lets users delete themselves.
        """
        session = self._session()
        tokens = yield session.load()
        yield from exchange(self._context, users.delete_current_user())
        if tokens is not None:
            yield session.compare_and_set(tokens.refresh_token, None)

    def _session(self) -> Session:
        if self._context.session is None:
            raise UnsafeUseError("The app has no session, so there is no `me`: use app.with_session(…).")
        return self._context.session


class MeFlows(_AnyMeFlows):
    """The signed-in user, as the user's own program sees it."""

    resource = "me"
    access = ("client",)

    def find(self) -> Steps[CurrentUser | None]:
        """The signed-in user; `None` when nobody is, or only a user whom the app does not admit. GET /users/me.

        Anonymous and restricted users are admitted by `allow_anonymous` and `allow_restricted` of the app.
        """
        if (yield self._session().load()) is None:
            return None
        return (yield from found(exchange(self._context, users.get_current_user()), *SIGNED_OUT))


class ServerMeFlows(_AnyMeFlows):
    """The user of the app's session, as a server sees it."""

    resource = "me"
    access = ("server", "admin")

    def find(self) -> Steps[ServerUser | None]:
        """The session's user; `None` when nobody is signed in, or only a user whom the app does not admit.

        Anonymous and restricted users are admitted by `allow_anonymous` and `allow_restricted` of the app.
        GET /users/me.
        """
        if (yield self._session().load()) is None:
            return None
        return (yield from found(exchange(self._context, users.get_current_user_as_server()), *SIGNED_OUT))

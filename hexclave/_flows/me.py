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
    """Flows of every access type."""

    def delete(self) -> Steps[None]:
        """Delete the user and clear the session's token store. DELETE /users/me.

        Clients need a project that lets users delete themselves.
        """
        session = self._session()
        tokens = yield session.load()
        yield from exchange(self._context, users.delete_current_user())
        if tokens is not None:
            yield session.compare_and_set(tokens.refresh_token, None)

    def _session(self) -> Session:
        if self._context.session is None:
            raise UnsafeUseError("The app has no session: use app.with_session(…).")
        return self._context.session


class MeFlows(_AnyMeFlows):
    """The signed-in user, as the user's client sees it."""

    resource = "me"
    access = ("client",)

    def find(self) -> Steps[CurrentUser | None]:
        """Return the signed-in user, or `None` when signed out or the user is not allowed. GET /users/me.

        The app's `allow_anonymous` and `allow_restricted` allow anonymous and restricted users.
        """
        if (yield self._session().load()) is None:
            return None
        return (yield from found(exchange(self._context, users.get_current_user()), *SIGNED_OUT))


class ServerMeFlows(_AnyMeFlows):
    """The user of the app's session, as a server sees it."""

    resource = "me"
    access = ("server", "admin")

    def find(self) -> Steps[ServerUser | None]:
        """Return the session's user, or `None` when signed out or the user is not allowed.

        The app's `allow_anonymous` and `allow_restricted` allow anonymous and restricted users.
        GET /users/me.
        """
        if (yield self._session().load()) is None:
            return None
        return (yield from found(exchange(self._context, users.get_current_user_as_server()), *SIGNED_OUT))

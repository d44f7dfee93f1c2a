"""Where users are signed in."""

from datetime import timedelta

from hexclave._call import Mode, Resource, call, pages
from hexclave._lift import mapped, silent, whole
from hexclave.tokens import Tokens
from hexclave_api.models import BrowserAction, Session
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import sessions
from hexclave_api.pagination import Pages
from hexclave_api.times import duration_millis


class Sessions(Resource[Mode]):
    """The sessions of the signed-in user."""

    @pages
    def list(self) -> Pages[Session]:
        """The sessions that can still be refreshed; `is_current_session` marks this one. GET /auth/sessions."""
        return whole(sessions.list_sessions(user_id="me"))

    @call
    def revoke(self, session_id: str) -> Operation[None]:
        """Ends another session of the user. Its access token works until it expires. DELETE /auth/sessions/{id}.

        Raises:
            CannotDeleteCurrentSession: it is this one; use `app.auth.sign_out()`.
            NotFoundError: there is no such session.
        """
        return silent(sessions.delete_session(session_id, user_id="me"))


class ServerSessions(Resource[Mode]):
    """The sessions of any user."""

    @pages
    def list(self, user_id: str) -> Pages[Session]:
        """The user's sessions that can still be refreshed. GET /auth/sessions."""
        return whole(sessions.list_sessions(user_id=user_id))

    @call
    def create(
        self, user_id: str, *, expires_in: timedelta | Unset = UNSET, is_impersonation: bool | Unset = UNSET
    ) -> Operation[Tokens]:
        """Tokens of a new session of the user, made without a password; `app.with_session(tokens)` acts with them.

        `expires_in` is one year when left out, 367 days at most; `is_impersonation` marks the session as somebody
        else's. POST /auth/sessions.

        Raises:
            UserIdDoesNotExist: the project has no user with this id.
        """
        return mapped(
            sessions.create_session(
                user_id=user_id,
                expires_in_millis=duration_millis(expires_in, "expires_in"),
                is_impersonation=is_impersonation,
            ),
            lambda tokens: Tokens(tokens.access_token, tokens.refresh_token),
        )

    @call
    def revoke(self, user_id: str, session_id: str) -> Operation[None]:
        """Ends a session of the user. Its access token works until it expires. DELETE /auth/sessions/{id}.

        Raises:
            NotFoundError: there is no such session.
        """
        return silent(sessions.delete_session(session_id, user_id=user_id))

    @call
    def create_impersonation_link(
        self,
        user_id: str,
        *,
        origin: str,
        expires_in: timedelta | Unset = UNSET,
        session_expires_in: timedelta | Unset = UNSET,
    ) -> Operation[BrowserAction]:
        """A link that works once and acts as the user in the browser that opens it. POST /browser-actions.

        `origin` is a trusted one, such as `https://app.example.com`. The link lives for `expires_in` (five minutes
        when left out), the session for `session_expires_in` (two hours).
        """
        return sessions.create_browser_action(
            type_="impersonation",
            user_id=user_id,
            origin=origin,
            expires_in_millis=duration_millis(expires_in, "expires_in"),
            session_expires_in_millis=duration_millis(session_expires_in, "session_expires_in"),
        )

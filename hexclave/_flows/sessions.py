"""Where users are signed in."""

from datetime import timedelta

from hexclave._flows.base import Flows
from hexclave.tokens import Tokens
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import sessions
from hexclave_api.times import duration_millis


class SessionFlows(Flows):
    """The sessions of any user."""

    resource = "sessions"
    access = ("server", "admin")

    def create(
        self, user_id: str, *, expires_in: timedelta | Unset = UNSET, is_impersonation: bool | Unset = UNSET
    ) -> Operation[Tokens]:
        """Tokens of a new session of the user, made without a password; `app.with_session(tokens)` acts with them.

        `expires_in` is one year when left out, 367 days at most; `is_impersonation` marks the session as somebody
        else's. POST /auth/sessions.

        Raises:
            UserIdDoesNotExist: the project has no user with this id.
        """
        return sessions.create_session(
            user_id=user_id,
            expires_in_millis=duration_millis(expires_in, "expires_in"),
            is_impersonation=is_impersonation,
        ).mapped(lambda tokens: Tokens(tokens.access_token, tokens.refresh_token))

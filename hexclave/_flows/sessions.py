"""Sessions of users."""

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
        """Create a session of the user without a password; use its tokens with `app.with_session(tokens)`.

        `expires_in` is one year by default, at most 367 days; `is_impersonation` marks the session as impersonated.
        POST /auth/sessions.

        Raises:
            UserIdDoesNotExist: the project has no user with this id.
        """
        return sessions.create_session(
            user_id=user_id,
            expires_in_millis=duration_millis(expires_in, "expires_in"),
            is_impersonation=is_impersonation,
        ).mapped(lambda tokens: Tokens(tokens.access_token, tokens.refresh_token))

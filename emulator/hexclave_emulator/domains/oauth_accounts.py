"""Accounts at OAuth providers that users have linked."""

from typing import Final

import attrs

from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.state.tables import State, table


@attrs.frozen(kw_only=True)
class OAuthAccount:
    id: str
    project_id: str
    user_id: str
    provider_id: str
    account_id: str
    email: str | None = None
    allow_sign_in: bool = True
    allow_connected_accounts: bool = True
    created_at_millis: int


OAUTH_ACCOUNTS: Final = table("oauth_accounts", OAuthAccount, indexes=("user_id", "account_id"))


def linked_accounts(state: State, user_id: str) -> list[JsonObject]:
    """Return the linked accounts as shown in a user's own view."""
    return [
        {"id": each.provider_id, "account_id": each.account_id, "email": each.email}
        for each in state[OAUTH_ACCOUNTS].where(user_id=user_id)
    ]

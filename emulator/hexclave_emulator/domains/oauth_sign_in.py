"""Sign-in with an OAuth account: as the user who linked it, a user with its email address, or a new user."""

from typing import Protocol

from hexclave_emulator.domains.accounts import sign_up
from hexclave_emulator.domains.contact_channels import sign_in_channel
from hexclave_emulator.domains.oauth_accounts import OAUTH_ACCOUNTS, OAuthAccount
from hexclave_emulator.domains.users import User, find_user
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.routing.routes import Request
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State


class Identity(Protocol):
    """The identity reported by a provider."""

    @property
    def account_id(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def email_verified(self) -> bool: ...
    @property
    def name(self) -> str | None: ...


def sign_in_with_account(
    request: Request, state: State, provider_id: str, identity: Identity
) -> tuple[User, OAuthAccount, bool]:
    """Sign in with the account; return the user, the account, and true if the user is new.

    Raises:
        Refusal: SIGN_UP_NOT_ENABLED; CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE.
    """
    project = request.project
    account = _sign_in_account(state, project.id, provider_id, identity)
    if account is not None:
        return find_user(state, project.id, account.user_id), account, False
    owner_id, counts_for_sign_in = _owner_of_email(request, state, identity)
    if owner_id is not None:
        owner = find_user(state, project.id, owner_id)
        return owner, _link(request, state, owner, provider_id, identity), False
    fields = {
        **({"display_name": identity.name} if identity.name is not None else {}),
        "primary_email": identity.email,
        "primary_email_verified": identity.email_verified,
        "primary_email_auth_enabled": counts_for_sign_in,
        "oauth_providers": [{"id": provider_id, "account_id": identity.account_id, "email": identity.email}],
    }
    user = sign_up(request, state, fields)
    # Signing up an anonymous user changes the existing row, which links no account.
    account = _sign_in_account(state, project.id, provider_id, identity)
    return user, account or _link(request, state, user, provider_id, identity), True


def link_account(request: Request, state: State, user: User, provider_id: str, identity: Identity) -> OAuthAccount:
    """Link the account to this user.

    Raises:
        Refusal: OAUTH_CONNECTION_ALREADY_CONNECTED_TO_ANOTHER_USER.
    """
    account = _sign_in_account(state, user.project_id, provider_id, identity)
    if account is not None and account.user_id != user.id:
        raise known("OAUTH_CONNECTION_ALREADY_CONNECTED_TO_ANOTHER_USER")
    own = state[OAUTH_ACCOUNTS].first(user_id=user.id, provider_id=provider_id, account_id=identity.account_id)
    return own or _link(request, state, user, provider_id, identity)


def _sign_in_account(state: State, project_id: str, provider_id: str, identity: Identity) -> OAuthAccount | None:
    return state[OAUTH_ACCOUNTS].first(
        project_id=project_id, provider_id=provider_id, account_id=identity.account_id, allow_sign_in=True
    )


def _owner_of_email(request: Request, state: State, identity: Identity) -> tuple[str | None, bool]:
    """Return the user with the account's address, and whether the address of a new user is used for sign-in."""
    channel = sign_in_channel(state, request.project.id, identity.email)
    if channel is None:
        return None, True
    strategy = request.project.config["auth"]["oauth"]["accountMergeStrategy"]
    if strategy == "allow_duplicates":
        return None, False
    # Both sides must have verified the address; otherwise one could take over the other's account.
    if strategy == "link_method" and channel.is_verified and identity.email_verified:
        return channel.user_id, True
    raise known(
        "CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE",
        type="email",
        contact_channel_value=identity.email,
        would_work_if_email_was_verified=strategy == "link_method" and not channel.is_verified,
    )


def _link(request: Request, state: State, user: User, provider_id: str, identity: Identity) -> OAuthAccount:
    return state[OAUTH_ACCOUNTS].insert(
        OAuthAccount(
            id=new_id(),
            project_id=user.project_id,
            user_id=user.id,
            provider_id=provider_id,
            account_id=identity.account_id,
            email=identity.email,
            created_at_millis=request.now,
        )
    )

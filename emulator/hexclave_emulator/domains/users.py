"""Users, and their views for clients and servers."""

from typing import TYPE_CHECKING, Any, Final

import attrs

from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.oauth_accounts import linked_accounts
from hexclave_emulator.domains.teams import TEAMS, team_view
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.state.tables import State, table

if TYPE_CHECKING:
    from hexclave_emulator.domains.projects import Project


@attrs.frozen(kw_only=True)
class User:
    id: str
    project_id: str
    display_name: str | None = None
    profile_image_url: str | None = None
    client_metadata: Any = None
    client_read_only_metadata: Any = None
    server_metadata: Any = None
    password_hash: str | None = None
    otp_auth_enabled: bool = False
    passkey_auth_enabled: bool = False
    totp_secret_base64: str | None = None
    """If set, sign-in requires a second factor."""
    selected_team_id: str | None = None
    is_anonymous: bool = False
    restricted_by_admin: bool = False
    restricted_by_admin_reason: str | None = None
    restricted_by_admin_private_details: str | None = None
    country_code: str | None = None
    risk_scores: JsonObject = attrs.field(factory=lambda: {"sign_up": {"bot": 0, "free_trial_abuse": 0}})
    signed_up_at_millis: int
    last_active_at_millis: int


USERS: Final = table("users", User, indexes=("project_id",))


def find_user(state: State, project_id: str, user_id: str) -> User:
    """Return the user of this project; USER_NOT_FOUND if there is none."""
    user = state[USERS].get(user_id)
    if user is None or user.project_id != project_id:
        raise known("USER_NOT_FOUND")
    return user


def restricted_reason(state: State, project: "Project", user: User) -> JsonObject | None:
    """Return the reason why the user is restricted; `None` for regular users."""
    if user.is_anonymous:
        return {"type": "anonymous"}
    if project.config["onboarding"]["requireEmailVerification"]:
        channel = primary_channel(state, user.id)
        if channel is None or not channel.is_verified:
            return {"type": "email_not_verified"}
    if user.restricted_by_admin:
        return {"type": "restricted_by_administrator"}
    return None


def user_view(state: State, project: "Project", user: User, *, as_client: bool) -> JsonObject:
    """Return the user as seen by clients or servers."""
    channel = primary_channel(state, user.id)
    team = state[TEAMS].get(user.selected_team_id) if user.selected_team_id else None
    reason = restricted_reason(state, project, user)
    view: JsonObject = {
        "id": user.id,
        "display_name": user.display_name,
        "primary_email": channel.value if channel else None,
        "primary_email_verified": channel is not None and channel.is_verified,
        "profile_image_url": user.profile_image_url,
        "signed_up_at_millis": user.signed_up_at_millis,
        "client_metadata": user.client_metadata,
        "client_read_only_metadata": user.client_read_only_metadata,
        "has_password": user.password_hash is not None,
        "otp_auth_enabled": user.otp_auth_enabled,
        "auth_with_email": user.password_hash is not None or user.otp_auth_enabled,
        "requires_totp_mfa": user.totp_secret_base64 is not None,
        "passkey_auth_enabled": user.passkey_auth_enabled,
        "oauth_providers": linked_accounts(state, user.id),
        "selected_team_id": team.id if team else None,
        "selected_team": team_view(team, as_client=as_client) if team else None,
        "is_anonymous": user.is_anonymous,
        "is_restricted": reason is not None,
        "restricted_reason": reason,
        "restricted_by_admin": user.restricted_by_admin,
        "restricted_by_admin_reason": user.restricted_by_admin_reason,
    }
    if not as_client:
        view |= {
            "primary_email_auth_enabled": channel is not None and channel.used_for_auth,
            "server_metadata": user.server_metadata,
            "last_active_at_millis": user.last_active_at_millis,
            "restricted_by_admin_private_details": user.restricted_by_admin_private_details,
            "country_code": user.country_code,
            "risk_scores": user.risk_scores,
        }
    return view

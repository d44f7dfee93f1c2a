"""Creating, changing and deleting users: the parts shared by all ways to sign up."""

from typing import Final

from hexclave_emulator.credentials.passwords import hashed, is_supported
from hexclave_emulator.domains.contact_channels import CHANNELS, ContactChannel, primary_channel, sign_in_channel
from hexclave_emulator.domains.images import kept_image
from hexclave_emulator.domains.oauth_accounts import OAUTH_ACCOUNTS, OAuthAccount
from hexclave_emulator.domains.permissions import default_permissions, grant
from hexclave_emulator.domains.projects import Project
from hexclave_emulator.domains.sessions import SESSIONS
from hexclave_emulator.domains.sign_up_rules import admitted, sign_up_context
from hexclave_emulator.domains.team_members import create_team
from hexclave_emulator.domains.teams import MEMBERSHIPS, membership
from hexclave_emulator.domains.users import USERS, User, find_user, user_view
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.routes import Request
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import DEFINITIONS, State
from hexclave_emulator.webhooks.events import emit

_PLAIN_FIELDS: Final = (
    "display_name",
    "client_metadata",
    "client_read_only_metadata",
    "server_metadata",
    "otp_auth_enabled",
    "passkey_auth_enabled",
    "is_anonymous",
    "restricted_by_admin",
    "restricted_by_admin_reason",
    "restricted_by_admin_private_details",
    "country_code",
    "risk_scores",
)
_EMAIL_FIELDS: Final = ("primary_email", "primary_email_verified", "primary_email_auth_enabled")


def create_user(request: Request, state: State, given: JsonObject) -> User:
    """Create a user from the fields of `POST /users`."""
    project, now = request.project, request.now
    user = User(
        id=new_id(),
        project_id=project.id,
        signed_up_at_millis=now,
        last_active_at_millis=now,
        **{name: given[name] for name in _PLAIN_FIELDS if name in given},
    )
    user = state[USERS].insert(user)
    _change_email(request, state, user, given)
    user = _change_special(
        request, state, user, {name: value for name, value in given.items() if name != "totp_secret_base64"}
    )
    for account in given.get("oauth_providers") or ():
        state[OAUTH_ACCOUNTS].insert(_linked(user, account, now))
    for permission_id in default_permissions(project, "signUp"):
        grant(state, project, user.id, permission_id)
    emit(state, project.id, "user.created", user_view(state, project, user, as_client=False), now=now)
    return user


def change_user(request: Request, state: State, user: User, given: JsonObject) -> User:
    """Change the user by the fields of `PATCH /users/{user_id}`; return the new row."""
    changes: JsonObject = {name: given[name] for name in _PLAIN_FIELDS if name in given}
    if "selected_team_id" in given:
        team_id = given["selected_team_id"]
        if team_id is not None and membership(state, team_id, user.id) is None:
            raise known("TEAM_MEMBERSHIP_NOT_FOUND", team_id=team_id, user_id=user.id)
        changes["selected_team_id"] = team_id
    if changes:
        user = state[USERS].update(user, **changes)
    _change_email(request, state, user, given)
    user = _change_special(request, state, user, given)
    view = user_view(state, request.project, user, as_client=False)
    emit(state, request.project.id, "user.updated", view, now=request.now)
    return user


def delete_user(request: Request, state: State, user: User) -> None:
    """Remove the user and every row of a table that is indexed by `user_id`."""
    teams = [{"id": each.team_id} for each in state[MEMBERSHIPS].where(user_id=user.id)]
    for definition in DEFINITIONS.values():
        if "user_id" in definition.indexes:
            for row in state[definition].where(user_id=user.id):
                state[definition].delete(row.id)
    state[USERS].delete(user.id)
    emit(state, request.project.id, "user.deleted", {"id": user.id, "teams": teams}, now=request.now)


def end_sessions(state: State, user_id: str, *, except_token: str | None = None) -> None:
    """Revoke the user's refresh tokens, all or all but one."""
    for session in state[SESSIONS].where(user_id=user_id):
        if session.refresh_token != except_token:
            state[SESSIONS].delete(session.id)


def sign_up(request: Request, state: State, given: JsonObject) -> User:
    """Create a user, or turn the calling anonymous user into a regular one.

    Raises:
        Refusal: SIGN_UP_NOT_ENABLED; SIGN_UP_REJECTED; USER_EMAIL_ALREADY_EXISTS.
    """
    if not request.project.config["auth"]["allowSignUp"]:
        raise known("SIGN_UP_NOT_ENABLED")
    if admitted(state, request.project, _sign_up_context(given), request.now):
        given = {**given, "restricted_by_admin": True}
    current = request.caller.user
    if current is None or not current.is_anonymous:
        return give_personal_team(request, state, create_user(request, state, given))
    end_sessions(state, current.id)
    current = state[USERS].update(current, signed_up_at_millis=request.now)
    return change_user(request, state, current, {**given, "is_anonymous": False})


def _sign_up_context(given: JsonObject) -> JsonObject:
    provider = next((each["id"] for each in given.get("oauth_providers") or ()), None)
    methods = {"password": given.get("password"), "otp": given.get("otp_auth_enabled"), "oauth": provider}
    return sign_up_context(
        email=given.get("primary_email"),
        auth_method=next((name for name, value in methods.items() if value), "passkey"),
        oauth_provider=provider,
        country_code=given.get("country_code"),
    )


def user_in_body(state: State, project: Project, user_id: str) -> User:
    """Return the user named in a body; USER_ID_DOES_NOT_EXIST if there is none."""
    user = state[USERS].get(user_id)
    if user is None or user.project_id != project.id:
        raise known("USER_ID_DOES_NOT_EXIST", user_id=user_id)
    return find_user(state, project.id, user_id)


def _change_special(request: Request, state: State, user: User, given: JsonObject) -> User:
    changes: JsonObject = {}
    if "profile_image_url" in given:
        changes["profile_image_url"] = kept_image(request, state, given["profile_image_url"], "user-profile-images")
    if "totp_secret_base64" in given:
        changes["totp_secret_base64"] = given["totp_secret_base64"]
    if "password" in given:
        password = given["password"]
        changes["password_hash"] = None if password is None else hashed(password)
    elif given.get("password_hash") is not None:
        if not is_supported(given["password_hash"]):
            raise plain(400, "Invalid password hash. Make sure it's a supported algorithm in Modular Crypt Format.")
        changes["password_hash"] = given["password_hash"]
    if "password_hash" in changes:
        end_sessions(state, user.id)
    return state[USERS].update(user, **changes) if changes else user


def _change_email(request: Request, state: State, user: User, given: JsonObject) -> None:
    if not any(name in given for name in _EMAIL_FIELDS):
        return
    old = primary_channel(state, user.id)
    email = given.get("primary_email", old.value if old else None)
    email = email.lower() if email else None
    used_for_auth = given.get("primary_email_auth_enabled", old is not None and old.used_for_auth)
    if email is None:
        for name in ("primary_email_auth_enabled", "primary_email_verified"):
            if given.get(name):
                raise plain(400, f"{name} cannot be true without primary_email")
        if old is not None:
            state[CHANNELS].delete(old.id)
        return
    if used_for_auth:
        other = sign_in_channel(state, request.project.id, email)
        if other is not None and other.user_id != user.id:
            raise known("USER_EMAIL_ALREADY_EXISTS", email=email, would_work_if_email_was_verified=False)
    if old is not None and old.value != email:
        state[CHANNELS].update(old, is_primary=False)
    channel = state[CHANNELS].first(user_id=user.id, value=email) or state[CHANNELS].insert(
        ContactChannel(
            id=new_id(), project_id=user.project_id, user_id=user.id, value=email, created_at_millis=request.now
        )
    )
    state[CHANNELS].update(
        channel,
        is_primary=True,
        used_for_auth=used_for_auth,
        is_verified=given.get("primary_email_verified", channel.is_verified),
    )


def _linked(user: User, account: JsonObject, now: int) -> OAuthAccount:
    return OAuthAccount(
        id=new_id(),
        project_id=user.project_id,
        user_id=user.id,
        provider_id=account["id"],
        account_id=account["account_id"],
        email=account.get("email"),
        created_at_millis=now,
    )


def give_personal_team(request: Request, state: State, user: User) -> User:
    """Give the user a team of their own, if the project wants that; the reply to `POST /users` predates it."""
    if not request.project.config["teams"]["createPersonalTeamOnSignUp"] or user.is_anonymous:
        return user
    channel = primary_channel(state, user.id)
    owner = user.display_name or (channel.value if channel else None)
    name = f"{owner}'s Team" if owner else "Personal Team"
    team = create_team(request, state, {"display_name": name}, creator_id=user.id)
    return state[USERS].update(user, selected_team_id=team.id)

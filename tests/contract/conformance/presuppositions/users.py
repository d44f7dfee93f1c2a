"""Users and their sessions, derived from access tokens and from their first appearance in a reply."""

from typing import Any

from hexclave_emulator.credentials.passwords import hashed
from hexclave_emulator.domains.contact_channels import CHANNELS, ContactChannel
from hexclave_emulator.domains.oauth_accounts import OAUTH_ACCOUNTS, OAuthAccount
from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.domains.sessions import DEFAULT_LIFE, SESSIONS, Session
from hexclave_emulator.domains.users import USERS, User
from hexclave_emulator.state.ids import new_id, secret
from tests.contract.conformance.recording import Exchange, claims, leaves
from tests.contract.conformance.world import World, presupposes, views

_COPIED = (
    "display_name",
    "profile_image_url",
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


@presupposes(12)
def learn_token_life(world: World) -> None:
    """Learn the lifetime of access tokens, which the recorded server's environment sets."""
    for exchange in world.exchanges:
        for text in leaves(exchange.reply):
            said = claims(text)
            if said is not None and "exp" in said:
                world.emulator.token_life = said["exp"] - said["iat"]
                return


@presupposes(20)
def make_users(world: World) -> None:
    """Create users that a token names or a reply shows, unless the scenario created them."""
    said: dict[str, dict[str, Any]] = {}
    for token, found in _tokens(world):
        said.setdefault(found["sub"], found)
        if any(text == token for exchange in world.exchanges for text in _sent(exchange) if _is_taken(exchange)):
            world.token(token)
    seen = _first_sights(world)
    for user_id in dict.fromkeys([*seen, *said]):
        if not world.is_presupposed(user_id):
            continue
        view, found = seen.get(user_id, {}), said.get(user_id, {})
        project_id = found.get("project_id") or view.get("project_id")
        if project_id is not None and world.state[PROJECTS].get(project_id) is not None:
            _make(world, user_id, project_id, view, found)


def _tokens(world: World) -> list[tuple[str, dict[str, Any]]]:
    """Return access tokens in requests that no reply issued, and those that replies issue for existing users."""
    given = {text for exchange in world.exchanges for text in leaves(exchange.reply)}
    found = []
    for exchange in world.exchanges:
        for text in [*_sent(exchange), *leaves(exchange.reply)]:
            said = claims(text)
            if said is not None and "sub" in said and (text not in given or world.is_presupposed(said["sub"])):
                found.append((text, said))
    return found


def _sent(exchange: Exchange) -> list[str]:
    return [*exchange.headers.values(), *leaves(exchange.body), *exchange.query.values()]


def _is_taken(exchange: Exchange) -> bool:
    return exchange.code not in ("UNPARSABLE_ACCESS_TOKEN", "UNPARSABLE_ADMIN_ACCESS_TOKEN")


def _first_sights(world: World) -> dict[str, dict[str, Any]]:
    """Return each user's fields at first appearance, with the project. Fields changed earlier are unknown."""
    seen: dict[str, dict[str, Any]] = {}
    changed: dict[str, set[str]] = {}
    for exchange, view in views(world, "id", "signed_up_at_millis", "has_password"):
        touched = changed.setdefault(view["id"], set())
        if exchange.method == "PATCH" and isinstance(exchange.body, dict):
            touched.update(exchange.body)
        known = {name: value for name, value in view.items() if name not in touched}
        known["oauth_providers"] = [
            each for each in known.get("oauth_providers", ()) if not _links(world, exchange, each["account_id"])
        ]
        seen[view["id"]] = {"project_id": exchange.project_id, **known, **seen.get(view["id"], {})}
    for exchange in world.exchanges:
        cursor = (
            (exchange.reply.get("pagination") or {}).get("next_cursor") if isinstance(exchange.reply, dict) else None
        )
        if exchange.route == "GET users" and cursor is not None and cursor not in seen:
            later = max(each["signed_up_at_millis"] for each in seen.values()) + 1
            seen[cursor] = {"project_id": exchange.project_id, "signed_up_at_millis": later}
    return dict(sorted(seen.items(), key=lambda item: item[1]["signed_up_at_millis"]))


def _links(world: World, seen: Exchange, account_id: str) -> bool:
    """Return true if the scenario links the account: a request at or before its first appearance names it."""
    return any(
        account_id in leaves(each.body)
        for each in world.exchanges
        if each.seq <= seen.seq and each.method in ("POST", "PATCH") and each.succeeded
    )


def _make(world: World, user_id: str, project_id: str, view: dict[str, Any], found: dict[str, Any]) -> None:
    signed_up = view.get("signed_up_at_millis") or found.get("signed_up_at", 0) * 1000 or world.begins
    fields = {name: view[name] for name in _COPIED if name in view}
    if not view:
        fields = {"display_name": found.get("name"), "is_anonymous": bool(found.get("is_anonymous"))}
    user = User(
        id=user_id,
        project_id=project_id,
        signed_up_at_millis=signed_up,
        last_active_at_millis=view.get("last_active_at_millis", signed_up),
        password_hash=hashed(secret()) if view.get("has_password") else None,
        totp_secret_base64=secret() if view.get("requires_totp_mfa") else None,
        selected_team_id=view.get("selected_team_id", found.get("selected_team_id")),
        **fields,
    )
    world.state[USERS].insert(user)
    email = found.get("email") or view.get("primary_email")
    if email:
        world.state[CHANNELS].insert(
            ContactChannel(
                id=new_id(),
                project_id=project_id,
                user_id=user_id,
                value=email,
                is_primary=True,
                is_verified=bool(found.get("email_verified", view.get("primary_email_verified"))),
                used_for_auth=view.get("primary_email_auth_enabled", True),
                created_at_millis=signed_up,
            )
        )
    for account in view.get("oauth_providers", ()):
        world.state[OAUTH_ACCOUNTS].insert(
            OAuthAccount(
                id=new_id(),
                project_id=project_id,
                user_id=user_id,
                provider_id=account["id"],
                account_id=account["account_id"],
                email=account.get("email"),
                created_at_millis=signed_up,
            )
        )


@presupposes(21)
def make_sessions(world: World) -> None:
    """Create the sessions of those tokens; a refresh token appears with an access token, or in the refresh that uses
    it.
    """
    refresh_tokens = _refresh_tokens(world)
    times = {view["id"]: view for _, view in views(world, "id", "created_at", "is_current_session")}
    for _, found in _tokens(world):
        session_id = found["refresh_token_id"]
        user = world.state[USERS].get(found["sub"])
        if user is None or world.state[SESSIONS].get(session_id) is not None or not world.is_presupposed(session_id):
            continue
        view = times.get(session_id, {})
        world.state[SESSIONS].insert(
            Session(
                id=session_id,
                project_id=found["project_id"],
                user_id=found["sub"],
                refresh_token=refresh_tokens.get(session_id) or secret(),
                created_at_millis=view.get("created_at", found["iat"] * 1000),
                last_used_at_millis=view.get("last_used_at", found["iat"] * 1000),
                expires_at_millis=found["iat"] * 1000 + DEFAULT_LIFE,
            )
        )


def _refresh_tokens(world: World) -> dict[str, str]:
    """Return refresh tokens by session id."""
    found: dict[str, str] = {}
    for exchange in world.exchanges:
        token, said = exchange.api.get("refresh-token"), claims(exchange.api.get("access-token", ""))
        if said is None and isinstance(exchange.reply, dict) and exchange.succeeded:
            said = claims(str(exchange.reply.get("access_token")))
            token = token or (exchange.body.get("refresh_token") if isinstance(exchange.body, dict) else None)
        if token and said and exchange.actual_status < 400:
            found.setdefault(said["refresh_token_id"], token)
    return found


@presupposes(22)
def learn_passwords(world: World) -> None:
    """Learn the password of an existing user from a successful sign-in or change."""
    learned: set[str] = set()
    for exchange in world.exchanges:
        half_way = exchange.code == "MULTI_FACTOR_AUTHENTICATION_REQUIRED"
        if not (exchange.succeeded or half_way) or not isinstance(exchange.body, dict):
            continue
        user_id, password = None, None
        if exchange.route == "POST auth/password/sign-in" and half_way:
            channel = world.state[CHANNELS].first(value=exchange.body["email"], project_id=exchange.project_id)
            user_id, password = channel.user_id if channel else None, exchange.body["password"]
        elif exchange.route == "POST auth/password/sign-in":
            said = claims(exchange.reply["access_token"])
            user_id, password = said["sub"] if said else None, exchange.body["password"]
        elif exchange.route == "POST auth/password/update":
            said = claims(exchange.api.get("access-token", ""))
            user_id, password = said["sub"] if said else None, exchange.body["old_password"]
        user = world.state[USERS].get(user_id) if user_id else None
        if user is not None and password is not None and user.id not in learned:
            world.state[USERS].update(user, password_hash=hashed(password))
        learned.add(user_id or "")

"""Sessions whose refresh tokens appear only in logins of command-line programs."""

from hexclave_emulator.domains.sessions import DEFAULT_LIFE, SESSIONS, Session
from hexclave_emulator.domains.users import USERS, User
from hexclave_emulator.state.ids import new_id
from tests.contract.conformance.recording import claims
from tests.contract.conformance.world import World, presupposes


@presupposes(23)
def make_sessions_of_cli_logins(world: World) -> None:
    """Create the anonymous session that a login started with, and the one that confirmed it."""
    for exchange in world.exchanges:
        if not exchange.succeeded or not isinstance(exchange.body, dict):
            continue
        if exchange.route == "POST auth/cli" and "anon_refresh_token" in exchange.body:
            _make(world, exchange.project_id or "", exchange.body["anon_refresh_token"], is_anonymous=True)
        elif exchange.route == "POST auth/cli/complete" and "refresh_token" in exchange.body:
            _make(world, exchange.project_id or "", exchange.body["refresh_token"], is_anonymous=False)


def _make(world: World, project_id: str, refresh_token: str, *, is_anonymous: bool) -> None:
    if world.state[SESSIONS].first(refresh_token=refresh_token) is not None:
        return
    said = next(
        (
            claims(exchange.reply["access_token"]) or {}
            for exchange in world.exchanges
            if isinstance(exchange.reply, dict)
            and exchange.reply.get("refresh_token") == refresh_token
            and "access_token" in exchange.reply
        ),
        {},
    )
    user = world.state[USERS].get(said.get("sub", "")) or world.state[USERS].insert(
        User(
            id=said.get("sub") or new_id(),
            project_id=project_id,
            is_anonymous=is_anonymous,
            signed_up_at_millis=said.get("signed_up_at", 0) * 1000 or world.begins,
            last_active_at_millis=world.begins,
        )
    )
    world.state[SESSIONS].insert(
        Session(
            id=said.get("refresh_token_id") or new_id(),
            project_id=project_id,
            user_id=user.id,
            refresh_token=refresh_token,
            created_at_millis=world.begins,
            last_used_at_millis=world.begins,
            expires_at_millis=world.begins + DEFAULT_LIFE,
        )
    )

"""Sessions: the refresh tokens of users, and the access tokens issued for them."""

from typing import Final

import attrs

from hexclave_emulator.credentials import tokens
from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.users import USERS, User, restricted_reason
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.routing.routes import Request
from hexclave_emulator.state.ids import new_id, secret
from hexclave_emulator.state.tables import State, table

DEFAULT_LIFE: Final = 365 * 24 * 3600 * 1000
"""Lifetime of a refresh token in milliseconds."""


@attrs.frozen(kw_only=True)
class Session:
    id: str
    """Also the `refresh_token_id` of access tokens."""
    project_id: str
    user_id: str
    refresh_token: str
    created_at_millis: int
    last_used_at_millis: int
    expires_at_millis: int
    is_impersonation: bool = False
    agent_name: str | None = None
    """The AI agent that the user authorized."""


SESSIONS: Final = table("sessions", Session, indexes=("user_id", "refresh_token"))


def start_session(
    request: Request,
    state: State,
    user: User,
    *,
    life: int = DEFAULT_LIFE,
    is_impersonation: bool = False,
    agent_name: str | None = None,
) -> Session:
    """Start a new session of the user; `life` is in milliseconds."""
    return state[SESSIONS].insert(
        Session(
            id=new_id(),
            project_id=user.project_id,
            user_id=user.id,
            refresh_token=secret(),
            created_at_millis=request.now,
            last_used_at_millis=request.now,
            expires_at_millis=request.now + life,
            is_impersonation=is_impersonation,
            agent_name=agent_name,
        )
    )


def live_session(request: Request, state: State, project_id: str, refresh_token: str) -> Session:
    """Return the session of this refresh token; REFRESH_TOKEN_NOT_FOUND_OR_EXPIRED if it has ended."""
    session = state[SESSIONS].first(refresh_token=refresh_token)
    if session is None or session.project_id != project_id or session.expires_at_millis <= request.now:
        raise known("REFRESH_TOKEN_NOT_FOUND_OR_EXPIRED")
    return session


def access_token(request: Request, state: State, session: Session) -> str:
    """Issue an access token; this counts as activity of session and user."""
    user = state[USERS].get(session.user_id)
    if user is None:
        raise known("REFRESH_TOKEN_NOT_FOUND_OR_EXPIRED")
    state[SESSIONS].update(session, last_used_at_millis=request.now)
    user = state[USERS].update(user, last_active_at_millis=request.now)
    emulator = request.emulator
    claims = _claims(request, state, session, user)
    key = tokens.signing_keys(emulator.secret, claims["aud"], emulator.short_coordinates)[0]
    return tokens.sign(claims, key)


def session_tokens(request: Request, state: State, session: Session) -> JsonObject:
    """Return both tokens in the form used by all ways to sign in."""
    return {"refresh_token": session.refresh_token, "access_token": access_token(request, state, session)}


def _claims(request: Request, state: State, session: Session, user: User) -> JsonObject:
    emulator = request.emulator
    project = emulator.project(user.project_id)
    reason = restricted_reason(state, project, user)
    kind: tokens.Kind = "anonymous" if user.is_anonymous else "restricted" if reason else "regular"
    channel = primary_channel(state, user.id)
    now = emulator.clock.seconds()
    return {
        "sub": user.id,
        "project_id": project.id,
        "branch_id": "main",
        "refresh_token_id": session.id,
        "role": "authenticated",
        "name": user.display_name,
        "email": channel.value if channel else None,
        "email_verified": channel is not None and channel.is_verified,
        "selected_team_id": user.selected_team_id,
        "signed_up_at": user.signed_up_at_millis // 1000,
        "is_anonymous": user.is_anonymous,
        "is_restricted": reason is not None,
        "restricted_reason": reason,
        "requires_totp_mfa": user.totp_secret_base64 is not None,
        "iss": tokens.issuer(request.base_url, project.id, kind),
        "iat": now,
        "aud": tokens.audience(project.id, kind),
        "exp": now + emulator.token_life,
    }

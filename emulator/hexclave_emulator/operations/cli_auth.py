"""`/auth/cli`: a command-line program signs in while its user confirms in a browser."""

from datetime import UTC, datetime
from typing import Final

from hexclave_emulator.checking.rules import OPTIONAL, between
from hexclave_emulator.domains.cli_logins import CLI_LOGINS, CliLogin
from hexclave_emulator.domains.sessions import SESSIONS, Session, access_token
from hexclave_emulator.domains.users import USERS, restricted_reason
from hexclave_emulator.messages.exchange import Reply, created, ok, success
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.routes import CLIENT, Request, route
from hexclave_emulator.state.ids import new_id, secret
from hexclave_emulator.state.tables import State

_LIFE: Final = 2 * 60 * 1000
"""Default lifetime of a login in milliseconds."""
_LIFE_IN_APRIL: Final = 2 * 3600 * 1000
_DAY: Final = 24 * 3600 * 1000


@route(
    "POST",
    "/auth/cli",
    access=CLIENT,
    rules={"body": OPTIONAL, "body.expires_in_millis": OPTIONAL & between(most=_DAY)},
)
def start_login(request: Request, state: State) -> Reply:
    anonymous = request.body.get("anon_refresh_token") or None
    if anonymous is not None:
        _check_anonymous(request, state, anonymous)
    life = _LIFE_IN_APRIL if request.release == "2026-04" else _LIFE
    login = state[CLI_LOGINS].insert(
        CliLogin(
            id=new_id(),
            project_id=request.project.id,
            polling_code=secret(),
            login_code=secret(),
            anonymous_refresh_token=anonymous,
            expires_at_millis=request.now + int(request.body.get("expires_in_millis", life)),
        )
    )
    return ok(
        {
            "polling_code": login.polling_code,
            "login_code": login.login_code,
            "expires_at": _moment(login.expires_at_millis),
        }
    )


def _moment(millis: int) -> str:
    moment = datetime.fromtimestamp(max(0, millis) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _check_anonymous(request: Request, state: State, refresh_token: str) -> None:
    session = state[SESSIONS].first(refresh_token=refresh_token)
    if session is None:
        raise plain(400, "Invalid anon refresh token")
    if session.project_id != request.project.id:
        raise plain(400, "Anon refresh token does not belong to this project")
    if session.expires_at_millis <= request.now:
        raise plain(400, "The provided anon refresh token has expired")
    user = state[USERS].get(session.user_id)
    if user is None or not user.is_anonymous:
        raise plain(400, "The provided refresh token does not belong to an anonymous user")


@route("POST", "/auth/cli/poll", access=CLIENT)
def poll_login(request: Request, state: State) -> Reply:
    login = state[CLI_LOGINS].first(polling_code=request.body["polling_code"], project_id=request.project.id)
    if login is None:
        raise known("INVALID_POLLING_CODE")
    if login.expires_at_millis <= request.now:
        return ok({"status": "expired"})
    if login.used_at_millis is not None:
        return ok({"status": "used"})
    if login.refresh_token is None:
        return ok({"status": "waiting"})
    state[CLI_LOGINS].update(login, used_at_millis=request.now)
    return created({"status": "success", "refresh_token": login.refresh_token})


@route("POST", "/auth/cli/complete", access=CLIENT)
def complete_login(request: Request, state: State) -> Reply:
    login = state[CLI_LOGINS].first(login_code=request.body["login_code"], project_id=request.project.id)
    is_over = login is not None and (login.refresh_token is not None or login.expires_at_millis <= request.now)
    if login is None or is_over:
        raise plain(400, "Invalid login code or the code has expired")
    mode = request.body["mode"]
    if mode == "complete":
        return _confirm(request, state, login)
    session = _anonymous_session(request, state, login)
    if mode == "check":
        return ok({"cli_session_state": "none" if session is None else "anonymous"})
    if session is None:
        raise plain(400, "No anonymous session associated with this code")
    # Once: a later reader of the code must not get the tokens again.
    state[CLI_LOGINS].update(login, anonymous_refresh_token=None)
    return ok({"access_token": access_token(request, state, session), "refresh_token": session.refresh_token})


def _confirm(request: Request, state: State, login: CliLogin) -> Reply:
    refresh_token = request.body.get("refresh_token")
    if not refresh_token:
        raise plain(400, "refresh_token is required when mode is 'complete'")
    session = state[SESSIONS].first(refresh_token=refresh_token)
    if session is not None and session.project_id != request.project.id:
        raise plain(400, "Refresh token does not belong to this project")
    user = state[USERS].get(session.user_id) if session is not None else None
    if session is None or user is None or session.expires_at_millis <= request.now:
        raise plain(400, "Invalid refresh token")
    reason = restricted_reason(state, request.project, user)
    if reason is not None:
        raise known("RESTRICTED_USER_NOT_ALLOWED", restricted_reason=reason)
    state[CLI_LOGINS].update(login, refresh_token=refresh_token, anonymous_refresh_token=None)
    return success()


def _anonymous_session(request: Request, state: State, login: CliLogin) -> Session | None:
    session = (
        state[SESSIONS].first(refresh_token=login.anonymous_refresh_token) if login.anonymous_refresh_token else None
    )
    user = state[USERS].get(session.user_id) if session is not None else None
    if session is None or user is None or not user.is_anonymous or session.expires_at_millis <= request.now:
        return None
    return session

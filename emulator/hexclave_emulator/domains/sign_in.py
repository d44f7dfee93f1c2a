"""Parts shared by all ways to sign in: trusted callbacks, bot challenges, the second factor."""

from fnmatch import fnmatchcase
from typing import Final

from hexclave_emulator.checking.origins import Origin, origin_of
from hexclave_emulator.credentials.codes import issue
from hexclave_emulator.domains.projects import Project
from hexclave_emulator.domains.sessions import session_tokens, start_session
from hexclave_emulator.domains.users import User
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.routing.routes import Request
from hexclave_emulator.state.tables import State

MFA_CODE: Final = "mfa_attempt"
"""The type of the code that represents a completed first factor."""

_NATIVE_SCHEMES: Final = ("stack-auth-mobile-oauth-url", "hexclave-mobile-oauth-url")
_INVALID_CHALLENGE: Final = "mock-turnstile-invalid"
"""The token that the API's own test double of the bot challenge refuses."""


def check_callback(project: Project, url: str) -> None:
    """Refuse callback URLs that are not trusted: REDIRECT_URL_NOT_WHITELISTED."""
    if not is_trusted(project, url):
        raise known("REDIRECT_URL_NOT_WHITELISTED")


def is_trusted(project: Project, url: str) -> bool:
    """Return true if the project trusts the target of the URL."""
    if url.partition("://")[0].lower() in _NATIVE_SCHEMES:
        return True
    try:
        target = origin_of(url)
    except ValueError:
        return False
    if target.is_local and project.config["domains"]["allowLocalhost"]:
        return True
    domains = project.config["domains"]["trustedDomains"].values()
    return any(_covers(domain.get("baseUrl", ""), target) for domain in domains)


def _covers(base_url: str, target: Origin) -> bool:
    try:
        base = origin_of(base_url)
    except ValueError:
        return False
    return (base.scheme, base.port) == (target.scheme, target.port) and fnmatchcase(target.host, base.host)


def check_bot_challenge(body: JsonObject) -> None:
    """Refuse suspected bots: BOT_CHALLENGE_REQUIRED, BOT_CHALLENGE_FAILED. Without a token, nothing is checked."""
    if body.get("bot_challenge_unavailable") == "true":
        message = "Visible bot challenge could not be completed"
        raise known("BOT_CHALLENGE_FAILED", message, message=message)
    if body.get("bot_challenge_token") != _INVALID_CHALLENGE:
        return
    if body.get("bot_challenge_phase") == "visible":
        message = "Visible bot challenge verification failed"
        raise known("BOT_CHALLENGE_FAILED", message, message=message)
    raise known("BOT_CHALLENGE_REQUIRED")


def signed_in(request: Request, state: State, user: User, *, is_new_user: bool = False) -> JsonObject:
    """Start a session; return its tokens.

    Raises:
        Refusal: MULTI_FACTOR_AUTHENTICATION_REQUIRED, with the `attempt_code` for the next step.
    """
    check_second_factor(request, state, user, is_new_user=is_new_user)
    tokens = session_tokens(request, state, start_session(request, state, user))
    return {**tokens, "user_id": user.id}


def check_second_factor(request: Request, state: State, user: User, *, is_new_user: bool = False) -> None:
    """Raise MULTI_FACTOR_AUTHENTICATION_REQUIRED if the user must give a second factor."""
    if user.totp_secret_base64 is None:
        return
    data = {"user_id": user.id, "is_new_user": is_new_user}
    attempt = issue(state, user.project_id, MFA_CODE, data, now=request.now, life=5 * 60 * 1000)
    raise known("MULTI_FACTOR_AUTHENTICATION_REQUIRED", attempt_code=attempt.code).keeping()

"""Signing in with an OAuth provider, and connecting an account of one."""

from typing import Final

from hexclave._steps import Steps
from hexclave.errors import UnsafeUseError
from hexclave.oauth import OAuthAuthorization
from hexclave.sign_in._messages import Outcome, Redirect
from hexclave.sign_in._pages.entering import enter, show_sign_in
from hexclave.sign_in._paths import safe_path
from hexclave.sign_in._visit import Problem, Route, Routes, Visit, done
from hexclave_api.secret import Secret

_OAUTH: Final = "oauth"
_MOST_TABS: Final = 3
"""Maximum number of pending sign-ins per browser; the cookie has to hold their state."""


def start(visit: Visit) -> Steps[Outcome]:
    """Send the browser to the provider. State and PKCE verifier stay in the browser's encrypted cookie."""
    provider, link = visit.field("provider"), visit.field("link") == "yes"
    if provider not in {each.id for each in visit.project.config.enabled_oauth_providers}:
        raise Problem("This provider is not available.", status=404)
    if link and visit.user is None:
        return visit.to_page("sign-in")
    if link and visit.request.wants_json:
        # The provider's URL contains an access token, which must not reach scripts.
        raise Problem("Send this as a form.", status=406)
    yield from visit.limit()
    url = visit.page_url("oauth-callback")
    started = yield from visit.ask(lambda app: app.auth.start_oauth(provider, redirect_uri=url, link=link))
    pending: dict[str, object] = visit.browser.started.setdefault(_OAUTH, {})
    while len(pending) >= _MOST_TABS:
        del pending[next(iter(pending))]
    path = visit.page_path("account") if link else visit.next
    user_id = visit.user.user_id if link and visit.user is not None else None
    pending[started.state.reveal()] = {"verifier": started.code_verifier.reveal(), "next": path, "user": user_id}
    return Redirect(started.url.reveal())


def finish(visit: Visit) -> Steps[Outcome]:
    """Complete a sign-in that this browser started; any other is refused."""
    yield from done()
    state = visit.request.query.get("state", "")
    pending = visit.browser.started.get(_OAUTH, {}).pop(state, None)
    if pending is None:
        raise Problem("This sign-in was not started in this browser, or too long ago. Please try again.", status=400)
    if pending["user"] is not None and (visit.user is None or visit.user.user_id != pending["user"]):
        raise Problem("Another user has signed in meanwhile. Please try again.", status=409)
    url = visit.page_url("oauth-callback")
    authorization = OAuthAuthorization(
        url=Secret(url), redirect_uri=url, state=Secret(state), code_verifier=Secret(pending["verifier"])
    )
    callback_url = f"{url}?{visit.request.query_string}"
    path = safe_path(pending["next"], visit.settings.after_sign_in)
    try:
        return (
            yield from enter(visit, lambda app: app.auth.finish_oauth(authorization, callback_url=callback_url), path)
        )
    except UnsafeUseError:
        raise Problem("The sign-in with this provider failed or was cancelled.", status=400) from None


ROUTES: Final[Routes] = {"oauth": Route(post=start, form=show_sign_in), "oauth-callback": Route(get=finish)}

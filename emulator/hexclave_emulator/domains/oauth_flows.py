"""OAuth sign-ins in progress: from the redirect to a provider until its callback."""

from typing import Final

import attrs

from hexclave_emulator.domains.projects import Project, project_setting
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.state.tables import table

LIFE: Final = 10 * 60 * 1000
"""Milliseconds that a user may take at the provider."""


@attrs.frozen(kw_only=True)
class OAuthFlow:
    id: str
    """The state that the provider returns."""
    project_id: str
    provider_id: str
    user_id: str | None
    """The user of the access token: one who links an account, or an anonymous user who signs up."""
    is_link: bool
    redirect_uri: str
    state: str
    """The state returned to the app."""
    code_challenge: str
    code_challenge_method: str
    scopes: list[str]
    error_redirect_uri: str | None
    after_callback_redirect_url: str | None
    has_cookie: bool
    """True if the browser must send back the cookie that was set."""
    expires_at_millis: int


OAUTH_FLOWS: Final = table("oauth_flows", OAuthFlow, indexes=("project_id", "user_id"))


def find_provider(project: Project, provider_id: str) -> JsonObject:
    """Return the project's settings for the provider; OAUTH_PROVIDER_NOT_FOUND_OR_NOT_ENABLED if it has none."""
    providers: JsonObject = project_setting(project, "auth.oauth.providers") or {}
    provider = providers.get(provider_id)
    if not isinstance(provider, dict):
        raise known("OAUTH_PROVIDER_NOT_FOUND_OR_NOT_ENABLED")
    return provider

"""OAuth sign-ins under way: from the redirect to a provider until its callback."""

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
    """The state that the provider gives back."""
    project_id: str
    provider_id: str
    user_id: str | None
    """Whose access token came along: who links an account, or an anonymous user who signs up."""
    is_link: bool
    redirect_uri: str
    state: str
    """The state that the app gets back."""
    code_challenge: str
    code_challenge_method: str
    scopes: list[str]
    error_redirect_uri: str | None
    after_callback_redirect_url: str | None
    has_cookie: bool
    """Whether the browser must show the cookie that it was given."""
    expires_at_millis: int


OAUTH_FLOWS: Final = table("oauth_flows", OAuthFlow, indexes=("project_id", "user_id"))


def find_provider(project: Project, provider_id: str) -> JsonObject:
    """What the project set for the provider; OAUTH_PROVIDER_NOT_FOUND_OR_NOT_ENABLED when it has none of this name."""
    providers: JsonObject = project_setting(project, "auth.oauth.providers") or {}
    provider = providers.get(provider_id)
    if not isinstance(provider, dict):
        raise known("OAUTH_PROVIDER_NOT_FOUND_OR_NOT_ENABLED")
    return provider

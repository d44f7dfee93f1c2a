"""The initial state of an emulator: the internal project, which owns all others, and one project ready for use."""

from typing import Final

import attrs

from hexclave_emulator.domains.access import INTERNAL
from hexclave_emulator.domains.projects import KEY_SETS, PROJECTS, KeySet, create_key_set, create_project
from hexclave_emulator.state.tables import State

_READY: Final = "emulator"
_TEN_YEARS: Final = 10 * 365 * 24 * 3600 * 1000

_PROVIDERS: Final = (
    *("google", "github", "microsoft", "spotify", "facebook", "discord", "gitlab", "bitbucket", "linkedin"),
    *("apple", "x", "twitch"),
)

READY_SETTINGS: Final = {
    "auth.otp.allowSignIn": True,
    "auth.passkey.allowSignIn": True,
    "auth.oauth.providers": {
        name: {
            "type": name,
            "isShared": False,
            "clientId": f"emulated-{name}",
            "clientSecret": "emulated",
            "allowSignIn": True,
            "allowConnectedAccounts": True,
        }
        for name in _PROVIDERS
    },
    "apiKeys.enabled.team": True,
    "apiKeys.enabled.user": True,
    "teams.allowClientTeamCreation": True,
    "users.allowClientUserDeletion": True,
    "apps.installed.agent-auth.enabled": True,
    "apps.installed.analytics.enabled": True,
    "apps.installed.teams.enabled": True,
    "emails.server": {
        "isShared": False,
        "provider": "smtp",
        "host": "localhost",
        "port": 25,
        "username": "emulator",
        "password": "emulator",
        "senderName": "Emulated project",
        "senderEmail": "noreply@example.com",
    },
}
"""The ready project has every feature enabled, so that nothing must be switched on first."""


@attrs.frozen(repr=False)
class Ready:
    """The initial project and its keys."""

    project_id: str
    publishable_client_key: str
    secret_server_key: str
    super_secret_admin_key: str

    def __repr__(self) -> str:
        return f"<Ready project {self.project_id}>"


def ready_project(state: State, *, now: int) -> Ready:
    """Return the ready project, creating it if the state has none."""
    keys = state[KEY_SETS].first(description=_READY)
    if keys is None:
        if state[PROJECTS].get(INTERNAL) is None:
            create_project(
                state,
                now=now,
                display_name="Dashboard",
                project_id=INTERNAL,
                changes={"teams.createPersonalTeamOnSignUp": True, "teams.allowClientTeamCreation": True},
            )
            _keys(state, INTERNAL, INTERNAL, now)
        project = create_project(state, now=now, display_name="Emulated project", changes=READY_SETTINGS)
        keys = _keys(state, project.id, _READY, now)
    return Ready(
        keys.project_id,
        keys.publishable_client_key or "",
        keys.secret_server_key or "",
        keys.super_secret_admin_key or "",
    )


def _keys(state: State, project_id: str, description: str, now: int) -> KeySet:
    return create_key_set(state, project_id, now=now, description=description, expires_at_millis=now + _TEN_YEARS)

"""Logins of command-line programs."""

from typing import Final

import attrs

from hexclave_emulator.state.tables import table


@attrs.frozen(kw_only=True)
class CliLogin:
    """A login in progress."""

    id: str
    project_id: str
    polling_code: str
    """The code that the program polls with."""
    login_code: str
    """The code that the browser confirms with."""
    refresh_token: str | None = None
    """Set once it is confirmed."""
    anonymous_refresh_token: str | None = None
    used_at_millis: int | None = None
    expires_at_millis: int


CLI_LOGINS: Final = table("cli_logins", CliLogin, indexes=("project_id", "polling_code", "login_code"))

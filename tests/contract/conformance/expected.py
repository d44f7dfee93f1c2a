"""Where the emulator differs from the recordings on purpose, and which scenarios it plays whole."""

from typing import Final

REASONS: Final[dict[str, str]] = {}
"""`scenario#seq` to why the reply differs."""

COMPLETE: Final = (
    "anonymous",
    "api_keys",
    "auth_errors",
    "cli_auth",
    "current_project",
    "dev_rate_limit_429",
    "invitations",
    "jwks",
    "mfa",
    "otp_auth",
    "override_error_status",
    "password_auth",
    "permissions",
    "project_create_and_keys",
    "root_and_misc",
    "sessions",
    "teams_crud",
    "token_refresh",
    "users_crud",
    "users_list",
    "users_me",
)
"""Scenarios whose every exchange is equal, but for those with a reason."""

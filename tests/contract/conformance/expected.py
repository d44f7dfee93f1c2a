"""Where the emulator differs from the recordings on purpose, and which scenarios it plays whole."""

from typing import Final

REASONS: Final[dict[str, str]] = {}
"""`scenario#seq` to why the reply differs."""

COMPLETE: Final = (
    "anonymous",
    "auth_errors",
    "current_project",
    "dev_rate_limit_429",
    "jwks",
    "otp_auth",
    "override_error_status",
    "password_auth",
    "project_create_and_keys",
    "root_and_misc",
    "sessions",
    "token_refresh",
    "users_crud",
    "users_me",
)
"""Scenarios whose every exchange is equal, but for those with a reason."""

"""Where the emulator differs from the recordings on purpose, and which scenarios it plays whole."""

from typing import Final

REASONS: Final[dict[str, str]] = {
    "analytics#10": "how many bytes a chunk takes depends on the file that the recorded server wrote",
    "analytics#11": "how many bytes a chunk takes depends on the file that the recorded server wrote",
    "analytics#13": "ClickHouse says in its own words what is wrong with a query; the emulator asks SQLite",
    "payments#1": "leads to the recorded stand-in for Stripe; the emulator stands in for Stripe itself",
    "payments#23": "50 - 20 - 500 + 500 are 30; the recorded server read its ledger behind the expiry in 2030",
    "payments#38": "the same balance with 137 granted on top; the recorded server said 30",
    "payments#66": "the recorded stand-in for Stripe failed at it",
}
"""`scenario#seq` to why the reply differs."""

COMPLETE: Final = (
    "analytics",
    "anonymous",
    "api_keys",
    "auth_errors",
    "cli_auth",
    "current_project",
    "data_vault",
    "dev_rate_limit_429",
    "emails",
    "internal_config",
    "invitations",
    "jwks",
    "mfa",
    "oauth_and_connected_accounts",
    "otp_auth",
    "override_error_status",
    "passkey",
    "password_auth",
    "payments",
    "permissions",
    "project_create_and_keys",
    "root_and_misc",
    "sessions",
    "teams_crud",
    "token_refresh",
    "users_crud",
    "users_list",
    "users_me",
    "webhooks",
)
"""Scenarios whose every exchange is equal, but for those with a reason."""

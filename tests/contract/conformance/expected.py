"""Deliberate differences between the emulator and the recordings, and the scenarios that match completely."""

from collections.abc import Sequence
from typing import Final

import attrs


@attrs.frozen
class Reason:
    """The reason why a reply differs, limited to the places where it may."""

    operation: str
    """Method and template."""
    field: str
    """The beginning of each of its differences."""
    why: str
    scenario: str | None = None
    """This scenario alone, whatever stands behind `__` in its name."""
    seqs: tuple[int, ...] = ()
    """These exchanges alone."""

    def holds(self, scenario: str, seq: int, operation: str, differences: Sequence[str]) -> bool:
        if self.scenario is not None and scenario.partition("__")[0] != self.scenario:
            return False
        is_it = operation == self.operation and (not self.seqs or seq in self.seqs)
        return is_it and all(each.startswith(self.field) for each in differences)


_CREDITS: Final = "GET /payments/items/{customer_type}/{customer_id}/{item_id}"
REASONS: Final = (
    Reason(
        "POST /internal/analytics/query",
        "details.error:",
        "ClickHouse says in its own words what is wrong with a query; the emulator asks SQLite",
    ),
    Reason(
        _CREDITS,
        ".quantity: 0 became 30",
        "50 - 20 - 500 + 500 are 30; the recorded server read its ledger behind the expiry in 2030",
        "payments",
        (23,),
    ),
    Reason(
        _CREDITS,
        ".quantity: 30 became 167",
        "the same balance with 137 granted on top; the recorded server said 30",
        "payments",
        (38,),
    ),
    Reason(
        "GET /internal/payments/method-configs",
        "",
        "the recorded stand-in for Stripe failed at it",
        "payments",
        (66,),
    ),
)


def reason(scenario: str, seq: int, operation: str, differences: Sequence[str]) -> Reason | None:
    """Return the known reason for a difference."""
    return next((each for each in REASONS if each.holds(scenario, seq, operation, differences)), None)


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

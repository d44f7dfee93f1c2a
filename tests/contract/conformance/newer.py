"""Differences between the recorded server and the newer releases of the API that the emulator also behaves like."""

from typing import Final

import attrs

from hexclave_emulator.checking.releases import OLDEST


@attrs.frozen
class Change:
    """A change of the API, and the recorded exchanges that show it."""

    since: str
    scenario: str
    seqs: tuple[int, ...]
    why: str

    def holds(self, release: str, scenario: str, seq: int) -> bool:
        return release >= self.since and scenario.partition("__")[0] == self.scenario and seq in self.seqs


_FAILED: Final = "the recorded server failed with status 500, which was repaired"
CHANGES: Final = (
    Change("2026-09", "analytics", (4, 12), "events of more kinds are accepted, and found by later queries"),
    Change("2026-09", "api_keys", (5, 32), _FAILED),
    Change("2026-09", "cli_auth", (1, 2, 7, 21), "a login expires after two minutes instead of two hours"),
    Change("2026-09", "emails", (37,), _FAILED),
    Change("2026-09", "invitations", (5, 26, 32), _FAILED),
    Change(
        "2026-09",
        "oauth_and_connected_accounts",
        (*range(1, 12), *range(13, 23), 24, 25, 28),
        "the recorded app signs in with PKCE by `plain`, which is refused; the calls after it use that session",
    ),
    Change("2026-09", "passkey", (1, 4, 5, 6, 8), "challenges are random, so recorded responses do not match"),
    Change("2026-09", "password_auth", (39,), _FAILED),
    Change("2026-09", "payments", (55,), "the reply has a new field"),
    Change("2026-10", "sessions", (7, 8, 10), "sessions have a new field for the agent"),
    Change("2026-09", "teams_crud", (16,), "the list takes a limit"),
    Change("2026-09", "users_list", (17,), "only_anonymous implies include_anonymous"),
    Change("2026-09", "users_list", (32, 33, 34), "the list takes the parameter or value"),
)


def change(release: str, scenario: str, seq: int) -> Change | None:
    """Return the change of the API that explains a difference."""
    if release == OLDEST:
        return None
    return next((each for each in CHANGES if each.holds(release, scenario, seq)), None)

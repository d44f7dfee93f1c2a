"""Emails: what a reply says in text, as a time."""

from datetime import UTC, datetime

from hexclave._flows.base import Flows
from hexclave_api.operation import Operation
from hexclave_api.operations import emails


class EmailFlows(Flows):
    """Sends emails, and reports on their delivery."""

    resource = "emails"
    access = ("server", "admin")

    def activate_capacity_boost(self) -> Operation[datetime]:
        """Lift the limit of emails per hour for a while, and return when the boost ends.

        Raises:
            EmailCapacityBoostAlreadyActive: one is active already.

        POST /emails/capacity-boost.
        """
        return emails.activate_email_capacity_boost().mapped(
            lambda boost: datetime.fromisoformat(boost.expires_at).astimezone(UTC)
        )

"""Email operations whose responses contain times as text."""

from datetime import datetime

from hexclave._flows.base import Flows
from hexclave_api.operation import Operation
from hexclave_api.operations import emails


class EmailFlows(Flows):
    """Sending of emails, and their delivery status."""

    resource = "emails"
    access = ("server", "admin")

    def activate_capacity_boost(self) -> Operation[datetime]:
        """Raise the email rate limit temporarily and return the time at which the boost ends.

        Raises:
            EmailCapacityBoostAlreadyActive: a boost is already active.

        POST /emails/capacity-boost.
        """
        return emails.activate_email_capacity_boost().mapped(lambda boost: boost.expires_at)

"""Queued and sent emails."""

from datetime import timedelta

from hexclave._engine.polling import poll_until
from hexclave._flows.base import Flows
from hexclave._steps import Steps
from hexclave_api.models import OutboxEmail
from hexclave_api.operations import emails


class OutboxFlows(Flows):
    """Queued and sent emails; those not sent yet can be changed, paused or cancelled."""

    resource = "emails.outbox"
    access = ("server", "admin")

    def wait(
        self,
        email_id: str,
        *,
        poll_every: timedelta = timedelta(seconds=2),
        within: timedelta = timedelta(minutes=5),
    ) -> Steps[OutboxEmail]:
        """Wait until the email was delivered or failed: its `simple_status` is no longer `in-progress`.

        An email that is due later than `within` is returned when its `status` is `scheduled`.
        GET /emails/outbox/{id}, repeatedly.

        Raises:
            TotalTimeout: the email is still in progress, or paused.
            NotFoundError: the email does not exist.
        """
        started = self._context.clock.time()
        return poll_until(
            self._context,
            emails.get_outbox_email(email_id),
            lambda email: (
                email.simple_status != "in-progress"
                or (
                    email.status == "scheduled"
                    and (email.scheduled_at_millis or 0) > (started + within.total_seconds()) * 1000
                )
            ),
            every=poll_every,
            within=within,
        )

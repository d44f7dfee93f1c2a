"""E-mails that were sent or are about to be."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from hexclave._call import Mode, Resource, call
from hexclave._lift import paginates
from hexclave._steps import Steps
from hexclave._waiting import until
from hexclave_api.models import OutboxEmail
from hexclave_api.operation import UNSET, JsonValue, Operation, Unset
from hexclave_api.operations import emails
from hexclave_api.times import duration_millis, moment_millis


class Outbox(Resource[Mode]):
    """Looks at e-mails, and changes or stops those that are still here."""

    list = paginates(emails.list_outbox_emails)

    @call
    def get(self, email_id: str) -> Operation[OutboxEmail]:
        """An e-mail and what became of it. GET /emails/outbox/{id}.

        Raises:
            NotFoundError: there is no such e-mail.
        """
        return emails.get_outbox_email(email_id)

    @call
    def update(
        self,
        email_id: str,
        *,
        tsx_source: str | Unset = UNSET,
        theme_id: str | Unset | None = UNSET,
        to: Mapping[str, JsonValue] | Unset = UNSET,
        variables: Mapping[str, JsonValue] | Unset = UNSET,
        skip_deliverability_check: bool | Unset = UNSET,
        scheduled_at: datetime | Unset = UNSET,
    ) -> Operation[OutboxEmail]:
        """The changed e-mail; only before it is being sent. PATCH /emails/outbox/{id}.

        `to` is an object with `type` (such as `user-primary-email`) and what belongs to that type; `theme_id=None` is
        no theme; `scheduled_at` needs a timezone.

        Raises:
            EmailNotEditable: it is too late.
            NotFoundError: there is no such e-mail.
        """
        return emails.update_outbox_email(
            email_id,
            tsx_source=tsx_source,
            theme_id=theme_id,
            to=to,
            variables=variables,
            skip_deliverability_check=skip_deliverability_check,
            scheduled_at_millis=moment_millis(scheduled_at, "scheduled_at"),
        )

    @call
    def pause(self, email_id: str) -> Operation[OutboxEmail]:
        """The e-mail, which stays until it is resumed. PATCH /emails/outbox/{id}.

        Raises:
            EmailNotEditable: it is too late.
        """
        return emails.update_outbox_email(email_id, is_paused=True)

    @call
    def resume(self, email_id: str) -> Operation[OutboxEmail]:
        """The e-mail, which is on its way again. PATCH /emails/outbox/{id}.

        Raises:
            EmailNotEditable: it is too late.
        """
        return emails.update_outbox_email(email_id, is_paused=False)

    @call
    def cancel(self, email_id: str) -> Operation[OutboxEmail]:
        """The e-mail, which will never be sent. PATCH /emails/outbox/{id}.

        Raises:
            EmailNotEditable: it is too late.
        """
        return emails.update_outbox_email(email_id, cancel=True)

    @call
    def wait(
        self,
        email_id: str,
        *,
        poll_every: timedelta = timedelta(seconds=2),
        within: timedelta = timedelta(minutes=5),
    ) -> Steps[OutboxEmail]:
        """Return the email when it has arrived or failed: its `simple_status` is no longer `in-progress`.

        An email that is due later than `within` is returned when it is ready, its `status` being `scheduled`.
        GET /emails/outbox/{id}, again and again.

        Raises:
            TotalTimeout: it is still on its way, or paused.
            NotFoundError: there is no such email.
        """
        last = self._context.clock.time() * 1000 + duration_millis(within, "within")
        return until(
            self._context,
            emails.get_outbox_email(email_id),
            lambda email: (
                email.simple_status != "in-progress"
                or (email.status == "scheduled" and (email.scheduled_at_millis or 0) > last)
            ),
            every=poll_every,
            within=within,
        )

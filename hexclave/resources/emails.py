"""E-mails to users."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from hexclave._call import Mode, Resource, call
from hexclave._lift import does, gives, paginates, performs
from hexclave.resources.outbox import Outbox
from hexclave_api.models import SendEmailResult
from hexclave_api.operation import UNSET, JsonValue, Operation, Unset
from hexclave_api.operations import emails
from hexclave_api.times import moment_millis

# An argument of `Emails.send` hides the module.
_send_email = emails.send_email


class Emails(Resource[Mode]):
    """Sends e-mails, and tells how they fared."""

    get_delivery_info = performs(emails.get_email_delivery_info)
    activate_capacity_boost = gives(
        emails.activate_email_capacity_boost,
        lambda boost: datetime.fromisoformat(boost.expires_at).astimezone(UTC),
    )
    send_sign_in_invitation = does(emails.send_sign_in_invitation)

    @call
    def send(
        self,
        *,
        user_ids: Sequence[str] | Unset = UNSET,
        all_users: bool | Unset = UNSET,
        emails: Sequence[str] | Unset = UNSET,
        html: str | Unset = UNSET,
        template_id: str | Unset = UNSET,
        variables: Mapping[str, JsonValue] | Unset = UNSET,
        draft_id: str | Unset = UNSET,
        subject: str | Unset = UNSET,
        theme_id: str | bool | Unset | None = UNSET,
        notification_category_name: str | Unset = UNSET,
        scheduled_at: datetime | Unset = UNSET,
        is_high_priority: bool | Unset = UNSET,
    ) -> Operation[SendEmailResult]:
        """Puts an e-mail into the outbox; `app.emails.outbox` tells how it fares. POST /emails/send-email.

        Recipients in one way: `user_ids` (their primary addresses), `all_users` or `emails` (addresses; newer servers
        only). Content in one way: `html` with a `subject`, `template_id` with `variables`, or `draft_id`.

        Args:
            theme_id: `None` is the project's own theme, `False` no theme.
            notification_category_name: such as `Marketing`; users who switched it off receive nothing.
            scheduled_at: at once when left out; needs a timezone.

        Raises:
            RequiresCustomEmailServer: the project still uses the shared mail server.
            UserIdDoesNotExist: one of the users does not exist; nothing is sent.
            EmailRenderingError: the content cannot be rendered.
            SchemaError: several ways are mixed.
        """
        return _send_email(
            user_ids=user_ids,
            all_users=all_users,
            emails=emails,
            html=html,
            template_id=template_id,
            variables=variables,
            draft_id=draft_id,
            subject=subject,
            theme_id=theme_id,
            notification_category_name=notification_category_name,
            scheduled_at_millis=moment_millis(scheduled_at, "scheduled_at"),
            is_high_priority=is_high_priority,
        )

    @property
    def outbox(self) -> Outbox[Mode]:
        """E-mails on their way."""
        return Outbox(self._app)


class AdminEmails(Emails[Mode]):
    """E-mails, and how they are made."""

    render = performs(emails.render_email)
    list_sent = paginates(emails.list_sent_emails)
    send_test = performs(emails.send_test_email)
    rewrite_template_source = gives(emails.rewrite_email_template_source, lambda source: source.tsx_source)

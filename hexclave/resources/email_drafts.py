"""Drafts: e-mails that are written and not sent yet."""

from datetime import datetime

from hexclave._call import Mode, Resource, call
from hexclave._lift import does, lists, performs, silent
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import email_drafts
from hexclave_api.times import moment_millis


class EmailDrafts(Resource[Mode]):
    """The project's drafts; `app.emails.send(draft_id=…)` sends one."""

    list = lists(email_drafts.list_email_drafts, lambda reply: reply.drafts)
    get = performs(email_drafts.get_email_draft)
    create = performs(email_drafts.create_email_draft)
    delete = does(email_drafts.delete_email_draft)

    @call
    def update(
        self,
        draft_id: str,
        *,
        display_name: str | Unset = UNSET,
        theme_id: str | bool | Unset = UNSET,
        tsx_source: str | Unset = UNSET,
        sent_at: datetime | Unset | None = UNSET,
    ) -> Operation[None]:
        """Changes the draft. PATCH /internal/email-drafts/{id}.

        `theme_id`: `False` takes no theme. `sent_at` needs a timezone; `None` marks the
        draft as not sent, and older servers do so too when it is left out.
        """
        return silent(
            email_drafts.update_email_draft(
                draft_id,
                display_name=display_name,
                theme_id=theme_id,
                tsx_source=tsx_source,
                sent_at_millis=moment_millis(sent_at, "sent_at"),
            )
        )

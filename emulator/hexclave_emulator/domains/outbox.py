"""Emails of a project: written, rendered, scheduled, sent. Nothing leaves the emulator."""

from collections.abc import Iterable
from typing import Final

import attrs

from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.notifications import wants
from hexclave_emulator.mail.messages import send_mail
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.state.tables import State, table

SIMPLE: Final = {
    "paused": "in-progress",
    "scheduled": "in-progress",
    "skipped": "ok",
    "sent": "ok",
    "render-error": "error",
}
"""Every status of an email in the emulator, with its simplified status."""

EDITABLE: Final = ("paused", "scheduled", "render-error")


@attrs.frozen(kw_only=True)
class OutboxEmail:
    id: str
    project_id: str
    tsx_source: str
    theme_id: str | None
    to: JsonObject
    variables: JsonObject
    skip_deliverability_check: bool = False
    scheduled_at_millis: int
    draft_id: str | None = None
    template_id: str | None = None
    is_paused: bool = False
    is_high_priority: bool = False
    category_id: str | None = None
    is_transactional: bool = False
    subject: str | None = None
    html: str | None = None
    text: str | None = None
    render_error: str | None = None
    created_at_millis: int
    updated_at_millis: int
    delivered_at_millis: int | None = None
    skipped_reason: str | None = None

    @property
    def status(self) -> str:
        if self.skipped_reason is not None:
            return "skipped"
        if self.delivered_at_millis is not None:
            return "sent"
        if self.is_paused:
            return "paused"
        return "scheduled" if self.render_error is None else "render-error"


OUTBOX: Final = table("outbox_emails", OutboxEmail, indexes=("project_id",))


def deliver_due(state: State, project_id: str, now: int) -> None:
    """Send the emails that are due. Runs with the next request about emails, since the emulator has no scheduler."""
    for email in state[OUTBOX].where(project_id=project_id):
        if email.status == "scheduled" and email.scheduled_at_millis <= now:
            _deliver(state, email, now)


def addresses(state: State, to: JsonObject) -> list[str]:
    """Return the addresses of the recipient."""
    found: list[str] = list(to.get("emails", ()))
    if to["type"] == "user-primary-email":
        channel = primary_channel(state, to["user_id"])
        return [channel.value] if channel is not None else []
    return found


def _deliver(state: State, email: OutboxEmail, now: int) -> None:
    to, user_id = addresses(state, email.to), email.to.get("user_id")
    reason = None
    if not to:
        reason = "USER_HAS_NO_PRIMARY_EMAIL"
    elif user_id is not None and email.category_id is not None and not wants(state, user_id, email.category_id):
        reason = "USER_UNSUBSCRIBED"
    if reason is not None:
        state[OUTBOX].update(email, skipped_reason=reason)
        return
    state[OUTBOX].update(email, delivered_at_millis=now)
    for address in to:
        send_mail(
            state,
            email.project_id,
            address,
            "email",
            email.subject or "",
            email.text or "",
            now=now,
            html=email.html,
            user_id=user_id,
        )


def outbox_view(email: OutboxEmail) -> JsonObject:
    """Return the email as the API shows it: fields of later stages appear once they are reached."""
    status = email.status
    view: JsonObject = {
        "id": email.id,
        "created_at_millis": email.created_at_millis,
        "updated_at_millis": email.updated_at_millis,
        "tsx_source": email.tsx_source,
        "theme_id": email.theme_id,
        "to": email.to,
        "variables": email.variables,
        "skip_deliverability_check": email.skip_deliverability_check,
        "scheduled_at_millis": email.scheduled_at_millis,
        "created_with": "draft" if email.draft_id is not None else "programmatic-call",
        "email_draft_id": email.draft_id,
        "email_programmatic_call_template_id": email.template_id,
        "send_retries": 0,
        "next_send_retry_at_millis": None,
        "send_attempt_errors": None,
        "is_paused": email.is_paused,
        "has_rendered": status not in ("paused", "render-error"),
        "has_delivered": status == "sent",
        "status": status,
        "simple_status": SIMPLE[status],
    }
    at = email.updated_at_millis
    if status == "render-error":
        return view | {"started_rendering_at_millis": at, "rendered_at_millis": at, "render_error": email.render_error}
    if status == "paused":
        return view
    view |= {
        "started_rendering_at_millis": at,
        "rendered_at_millis": at,
        "subject": email.subject,
        "html": email.html,
        "text": email.text,
        "is_transactional": email.is_transactional,
        "is_high_priority": email.is_high_priority,
        "notification_category_id": email.category_id,
    }
    if status == "sent":
        delivered = email.delivered_at_millis
        view |= {
            "started_sending_at_millis": delivered,
            "delivered_at_millis": delivered,
            "can_have_delivery_info": False,
        }
    elif status == "skipped":
        view |= {"skipped_at_millis": at, "skipped_reason": email.skipped_reason, "skipped_details": {}}
    return view


def newest_first(emails: Iterable[OutboxEmail]) -> list[OutboxEmail]:
    return sorted(emails, key=lambda each: each.created_at_millis)[::-1]


def delivered_since(state: State, project_id: str, millis: int) -> int:
    """Return the number of emails sent after this moment."""
    found = state[OUTBOX].where(project_id=project_id)
    return sum(1 for each in found if each.delivered_at_millis is not None and each.delivered_at_millis > millis)

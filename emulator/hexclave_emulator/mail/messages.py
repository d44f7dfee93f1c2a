"""Emails: nothing is sent; every email is stored for tests and people to read."""

from typing import Any, Final

import attrs

from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table


@attrs.frozen(kw_only=True)
class Mail:
    """An email that the API would have sent."""

    id: str
    project_id: str
    to: str
    subject: str
    text: str
    html: str | None = None
    kind: str
    """Its purpose: `sign_in`, `verify_email`, `reset_password`, `team_invitation`, …"""
    code: str | None = None
    """The code in it, as passed to the API."""
    short_code: str | None = None
    """The six characters that a user may type."""
    link: str | None = None
    """The link to click, with the code in its query."""
    user_id: str | None = None
    sent_at_millis: int


MAILS: Final = table("mails", Mail, indexes=("project_id", "to"))


def send_mail(
    state: State, project_id: str, to: str, kind: str, subject: str, text: str, *, now: int, **parts: Any
) -> Mail:
    """Put an email into the outbox."""
    return state[MAILS].insert(
        Mail(
            id=new_id(),
            project_id=project_id,
            to=to,
            kind=kind,
            subject=subject,
            text=text,
            sent_at_millis=now,
            **parts,
        )
    )

"""Sending emails, the outbox, and email design, beyond the recordings."""

import re
from typing import Any

import pytest

from hexclave_api.operation import UNSET
from hexclave_api.operations import email_drafts, email_templates, email_themes, emails
from hexclave_api.operations.auth import sign_in_with_code
from hexclave_api.operations.notifications import update_notification_preference
from hexclave_emulator.mail.sources import DEFAULT_THEME
from tests.emulator.performing import Cast, Person

HOUR = 3600
MARKETING = "4f6f8873-3d04-46bd-8bef-18338b1a1b4c"
SOURCE = """
export function EmailTemplate({ variables }) {
  return (<><Subject value={"For " + variables.name} /><p>Dear {variables.name}</p></>);
}
"""


@pytest.fixture
def ada(cast: Cast) -> Person:
    return cast.person("ada")


def outbox(cast: Cast, **query: Any) -> list[Any]:
    return list(cast.server(emails.list_outbox_emails(**query)).items)


def send(cast: Cast, ada: Person, **fields: Any) -> Any:
    cast.server(emails.send_email(user_ids=[ada.id], html="<p>Hello</p>", subject="Hi", **fields))
    return outbox(cast)[0]


def test_sent_emails_arrive(cast: Cast, ada: Person) -> None:
    """At once, as HTML and as text."""
    assert send(cast, ada).status == "sent"
    [mail] = cast.mails(ada.email)
    assert (mail.subject, mail.text, mail.user_id) == ("Hi", "Hello", ada.id)
    assert "<p>Hello</p>" in (mail.html or "")


def test_all_users_or_any_address(cast: Cast, ada: Person) -> None:
    """Users without an address are skipped, and the outbox says why."""
    cast.ask.server("POST", "/users", {})
    results = cast.server(emails.send_email(all_users=True, html="x")).results
    assert len(results) == 2
    assert sorted(each.status for each in outbox(cast)) == ["sent", "skipped"]
    [skipped] = outbox(cast, status="skipped")
    assert skipped.skipped_reason == "USER_HAS_NO_PRIMARY_EMAIL"
    [result] = cast.server(emails.send_email(emails=["eve@example.com"], html="x")).results
    assert result.email == "eve@example.com"
    assert len(cast.mails("eve@example.com")) == 1


def test_unwanted_marketing_is_skipped(cast: Cast, ada: Person) -> None:
    """Users who opted out get none; other categories arrive."""
    assert "unsubscribe-link?code=" in send(cast, ada, notification_category_name="Marketing").text
    ada(update_notification_preference(ada.id, MARKETING, enabled=False))
    skipped = send(cast, ada, notification_category_name="Marketing")
    assert (skipped.status, skipped.skipped_reason) == ("skipped", "USER_UNSUBSCRIBED")
    assert send(cast, ada, notification_category_name="Transactional").status == "sent"


def test_the_link_at_the_end_unsubscribes(cast: Cast, ada: Person) -> None:
    """Without any key, for this category only, and as long as the code exists."""
    text = send(cast, ada, notification_category_name="Marketing").text
    path = re.search(r"/api/v1(/emails/unsubscribe-link\?code=\w+)", text)
    assert path is not None
    assert cast.ask.plain("GET", path.group(1)).status == 200
    assert send(cast, ada, notification_category_name="Marketing").status == "skipped"
    assert send(cast, ada, notification_category_name="Transactional").status == "sent"
    for query in ("", "?code=unknown", f"?code={'0' * 45}"):
        refused = cast.ask.plain("GET", f"/emails/unsubscribe-link{query}")
        assert (refused.status, refused.content) == (400, b"Invalid code"), query


def test_an_invitation_signs_in(cast: Cast) -> None:
    """The code in it is one for signing in."""
    url = "http://localhost:3000/welcome"
    cast.server(emails.send_sign_in_invitation(email="eve@example.com", callback_url=url))
    [mail] = cast.mails("eve@example.com")
    assert mail.link == f"{url}?code={mail.code}"
    assert cast.visitor(sign_in_with_code(code=mail.code or "")).is_new_user


def test_scheduled_mail_waits_for_its_time(cast: Cast, ada: Person) -> None:
    """It is sent with the first request about emails after that time."""
    at = cast.ask.emulator.clock.millis() + HOUR * 1000
    assert send(cast, ada, scheduled_at_millis=at).status == "scheduled"
    assert cast.mails(ada.email) == []
    cast.ask.emulator.clock.advance(HOUR + 1)
    assert [each.status for each in outbox(cast)] == ["sent"]
    assert len(cast.mails(ada.email)) == 1


def test_paused_mail_stays_until_it_is_let_go(cast: Cast, ada: Person) -> None:
    """Even when it is due; it can be changed meanwhile."""
    at = cast.ask.emulator.clock.millis() + HOUR * 1000
    email = send(cast, ada, scheduled_at_millis=at)
    cast.server(emails.update_outbox_email(email.id, is_paused=True))
    cast.ask.emulator.clock.advance(2 * HOUR)
    assert [each.simple_status for each in outbox(cast)] == ["in-progress"]
    cast.server(emails.update_outbox_email(email.id, tsx_source=SOURCE, variables={"name": "Bob"}))
    assert cast.server(emails.update_outbox_email(email.id, is_paused=False)).status == "sent"
    assert [mail.text for mail in cast.mails(ada.email)] == ["Dear Bob"]
    late = cast.server.refused(emails.update_outbox_email(email.id, is_paused=True))
    assert late == (400, "EMAIL_NOT_EDITABLE")


def test_a_change_that_breaks_the_source(cast: Cast, ada: Person) -> None:
    """Is an error of the email, which can be fixed."""
    email = send(cast, ada, scheduled_at_millis=cast.ask.emulator.clock.millis() + HOUR * 1000)
    broken = cast.server(emails.update_outbox_email(email.id, tsx_source="broken("))
    assert (broken.status, broken.simple_status) == ("render-error", "error")
    assert "Unexpected end of file" in str(broken.render_error)
    mended = cast.server(emails.update_outbox_email(email.id, tsx_source=SOURCE, variables={"name": "Ada"}))
    assert mended.status == "scheduled"


def test_a_recipient_is_checked(cast: Cast, ada: Person) -> None:
    """Changing it takes a whole recipient."""
    email = send(cast, ada, scheduled_at_millis=cast.ask.emulator.clock.millis() + HOUR * 1000)

    def redirected(to: Any) -> Any:
        return emails.update_outbox_email(email.id, to=to)

    for to in ({}, {"type": "custom-emails"}, {"type": "custom-emails", "emails": [1]}, {"type": "nobody"}):
        assert cast.server.refused(redirected(to)) == (400, "SCHEMA_ERROR")
    found = cast.server(redirected({"type": "custom-emails", "emails": ["eve@example.com"]}))
    assert list(found.to.emails or ()) == ["eve@example.com"]


def test_the_outbox_page_by_page(cast: Cast, ada: Person) -> None:
    """Newest first; the cursor is the first of the next page."""
    for subject in "abc":
        cast.ask.emulator.clock.advance(1)
        cast.server(emails.send_email(user_ids=[ada.id], html="x", subject=subject))
    first = cast.server(emails.list_outbox_emails(limit=2))
    assert [each.subject for each in first.items] == ["c", "b"]
    rest = cast.server(emails.list_outbox_emails(limit=2, cursor=first.pagination.next_cursor or ""))
    assert ([each.subject for each in rest.items], rest.pagination.next_cursor) == (["a"], None)
    assert cast.server.refused(emails.list_outbox_emails(simple_status="nope")) == (400, "SCHEMA_ERROR")


def test_a_template_is_filled_in(cast: Cast, ada: Person) -> None:
    """Its subject counts unless the request has one."""
    template = cast.admin(email_templates.create_email_template(display_name="Greeting")).id
    preview = cast.admin(email_templates.update_email_template(template, tsx_source=SOURCE, theme_id=False))
    assert "Dear" in preview.rendered_html
    cast.server(emails.send_email(user_ids=[ada.id], template_id=template, variables={"name": "Ada"}))
    [email] = outbox(cast)
    assert (email.subject, email.text) == ("For Ada", "Dear Ada")
    assert email.email_programmatic_call_template_id == template
    cast.admin(email_templates.delete_email_template(template))
    gone = cast.server.refused(emails.send_email(user_ids=[ada.id], template_id=template))
    assert gone == (400, "No template found with given template_id")


def test_a_theme_is_around_it(cast: Cast, ada: Person) -> None:
    """One of one's own, the project's, or none."""
    theme = cast.admin(email_themes.create_email_theme(display_name="Plain")).id
    source = "export function EmailTheme({ children }) { return <main>{children}</main>; }"
    cast.admin(email_themes.update_email_theme(theme, tsx_source=source))
    assert "<main>" in send(cast, ada, theme_id=theme).html
    assert send(cast, ada).theme_id == DEFAULT_THEME
    bare = send(cast, ada, theme_id=False)
    assert bare.theme_id is None
    assert "<body" not in bare.html
    cast.admin(email_themes.delete_email_theme(theme))
    assert cast.server.refused(emails.send_email(user_ids=[ada.id], html="x", theme_id=theme))[0] == 400
    broken = cast.admin.refused(email_themes.update_email_theme(DEFAULT_THEME, tsx_source="broken("))
    assert broken == (400, "EMAIL_RENDERING_ERROR")


def test_a_draft_knows_when_it_was_sent(cast: Cast, ada: Person) -> None:
    """And the email names the draft."""
    draft = cast.admin(email_drafts.create_email_draft(display_name="News", tsx_source=SOURCE)).id
    assert cast.admin(email_drafts.get_email_draft(draft)).sent_at_millis is None
    cast.server(emails.send_email(user_ids=[ada.id], draft_id=draft))
    assert cast.admin(email_drafts.get_email_draft(draft)).sent_at_millis is not None
    [email] = outbox(cast)
    assert (email.created_with, email.email_draft_id) == ("draft", draft)


def test_a_draft_names_its_theme_where_it_has_one(cast: Cast) -> None:
    """The project's own theme is left out, not null; false stands for none."""
    for given, shown in ((UNSET, {}), (False, {"theme_id": False}), (DEFAULT_THEME, {"theme_id": DEFAULT_THEME})):
        draft = cast.admin(email_drafts.create_email_draft(display_name="News", theme_id=given)).id  # type: ignore[arg-type]
        found = cast.ask.admin("GET", f"/internal/email-drafts/{draft}").json()
        assert {name: value for name, value in found.items() if name == "theme_id"} == shown


def test_editors_see_what_can_be_edited(cast: Cast) -> None:
    """Texts of the source between comments in the HTML, each described; expressions are not texts."""
    source = """
export function EmailTemplate({ variables }) {
  return (<div><Text className="big">Dear {variables.name}, hello</Text><b>again</b><b>again</b></div>);
}
"""
    rendered = emails.render_email(template_tsx_source=source, theme_id=False, editable_markers=True)
    reply = cast.admin.reply(rendered).json()
    assert "<!-- STACK_EDITABLE_START t0 -->Dear <!-- STACK_EDITABLE_END t0 -->" in reply["html"]
    regions = reply["editable_regions"]
    assert [each["originalText"] for each in regions.values()] == ["Dear ", ", hello", "again", "again"]
    first, second, third, last = regions.values()
    for region in regions.values():
        assert source[region["loc"]["start"] : region["loc"]["end"]] == region["originalText"]
    assert first["jsxPath"] == ["EmailTemplate", "div", "Text"]
    assert first["parentElement"] == {"tagName": "Text", "props": {"className": "big"}}
    assert (first["siblingIndex"], second["siblingIndex"]) == (0, 1)
    assert (third["occurrenceIndex"], last["occurrenceIndex"], last["occurrenceCount"]) == (1, 2, 2)
    both = emails.render_email(template_tsx_source=source, editable_markers=True, editable_source="theme")
    assert all(each["sourceFile"] == "theme" for each in cast.admin.reply(both).json()["editable_regions"].values())
    plain = emails.render_email(template_tsx_source=source, theme_id=False)
    assert "editable_regions" not in cast.admin.reply(plain).json()
    assert "STACK_EDITABLE" not in cast.admin.reply(plain).json()["html"]


def test_rendering_takes_one_source_of_each(cast: Cast) -> None:
    """A template or its source, and at most one theme."""
    shown = cast.admin(emails.render_email(template_tsx_source=SOURCE, theme_id=False))
    assert shown.subject == "For "
    two = emails.render_email(template_tsx_source=SOURCE, template_id="x")
    assert cast.admin.refused(two) == (400, "SCHEMA_ERROR")
    none = emails.render_email(theme_id=False)
    assert cast.admin.refused(none) == (400, "SCHEMA_ERROR")


def test_broken_templates_are_not_sent(cast: Cast, ada: Person) -> None:
    """Nothing reaches the outbox."""
    draft = cast.admin(email_drafts.create_email_draft(display_name="News", tsx_source="broken(")).id
    refused = cast.server.refused(emails.send_email(user_ids=[ada.id], draft_id=draft))
    assert refused == (400, "EMAIL_RENDERING_ERROR")
    assert outbox(cast) == []


def test_the_boost_ends(cast: Cast, ada: Person) -> None:
    """After four hours, and can be had again."""
    cast.server(emails.activate_email_capacity_boost())
    assert cast.server(emails.get_email_delivery_info()).capacity.boost_multiplier == 4
    cast.ask.emulator.clock.advance(4 * HOUR + 1)
    capacity = cast.server(emails.get_email_delivery_info()).capacity
    assert (capacity.is_boost_active, capacity.boost_expires_at) == (False, None)
    cast.server(emails.activate_email_capacity_boost())


def test_delivery_is_counted_by_span(cast: Cast, ada: Person) -> None:
    """Emails older than an hour still count for the day."""
    send(cast, ada)
    cast.ask.emulator.clock.advance(2 * HOUR)
    stats = cast.server(emails.get_email_delivery_info()).stats
    assert (stats.hour.sent, stats.day.sent) == (0, 1)


def test_a_test_email_arrives_or_says_why_not(cast: Cast) -> None:
    """Nothing listens at port 1."""
    config: Any = {"host": "127.0.0.1", "username": "a", "password": "b", "sender_name": "A", "sender_email": "a@b.c"}
    good = emails.send_test_email(recipient_email="eve@example.com", email_config=config | {"port": 25})
    assert cast.admin(good).success
    assert len(cast.mails("eve@example.com")) == 1
    bad = cast.admin(emails.send_test_email(recipient_email="eve@example.com", email_config=config | {"port": 1}))
    assert not bad.success
    assert bad.error_message


def test_an_email_without_subject_has_an_empty_one(cast: Cast, ada: Person) -> None:
    """No default is used."""
    cast.server(emails.send_email(user_ids=[ada.id], html="<p>Hello</p>"))
    [mail] = cast.mails(ada.email)
    assert mail.subject == ""

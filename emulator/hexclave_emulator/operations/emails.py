"""Sending emails, and the status of those sent."""

from functools import partial
from typing import Any, Final

import attrs

from hexclave_emulator.checking.rules import ANY_FIELDS, Rule, between
from hexclave_emulator.domains.accounts import user_in_body
from hexclave_emulator.domains.email_design import (
    DRAFTS,
    find_draft,
    find_template,
    theme_id,
    theme_source,
)
from hexclave_emulator.domains.notifications import CATEGORIES
from hexclave_emulator.domains.outbox import (
    EDITABLE,
    OUTBOX,
    SIMPLE,
    OutboxEmail,
    deliver_due,
    newest_first,
    outbox_view,
)
from hexclave_emulator.domains.projects import Project, project_setting
from hexclave_emulator.domains.users import USERS
from hexclave_emulator.mail.rendering import Broken, html_source, render
from hexclave_emulator.messages.exchange import JsonObject, Reply, cursor_page, ok, page
from hexclave_emulator.messages.refusals import known, plain, schema_error
from hexclave_emulator.operations.unsubscribing import unsubscribe_link
from hexclave_emulator.routing.routes import ADMIN, SERVER, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State

_CONTENT: Final = Rule(one_of=(("html",), ("template_id",), ("draft_id",)))


@route("POST", "/emails/send-email", access=SERVER, rules={"body": _CONTENT})
def send_email(request: Request, state: State) -> Reply:
    body, project = request.body, request.project
    if project_setting(project, "emails.server.isShared"):
        raise known("REQUIRES_CUSTOM_EMAIL_SERVER")
    recipients = _recipients(request, state)
    category = _category(body.get("notification_category_name"))
    fields: JsonObject = {}
    if "html" in body:
        fields["tsx_source"] = html_source(body["html"])
    elif "template_id" in body:
        template = find_template(project, body["template_id"], "No template found with given template_id", 400)
        fields |= {"tsx_source": template["tsxSource"], "template_id": body["template_id"]}
    else:
        draft = find_draft(state, project, body["draft_id"], "No draft found with given draft_id", 400)
        fields |= {"tsx_source": draft.tsx_source, "draft_id": draft.id}
        state[DRAFTS].update(draft, sent_at_millis=request.now)
    chosen = theme_id(project, body.get("theme_id"))
    for to in recipients:
        email = OutboxEmail(
            id=new_id(),
            project_id=project.id,
            theme_id=chosen,
            to=to,
            variables=body.get("variables", {}),
            scheduled_at_millis=body.get("scheduled_at_millis", request.now),
            is_high_priority=body.get("is_high_priority", False),
            category_id=category,
            created_at_millis=request.now,
            updated_at_millis=request.now,
            **fields,
        )
        rendered = _rendered(request, state, email, subject=body.get("subject"))
        if rendered.render_error is not None and "html" not in body:
            raise known("EMAIL_RENDERING_ERROR", error=rendered.render_error)
        state[OUTBOX].insert(rendered)
    deliver_due(state, project.id, request.now)
    results = [{"user_id": to["user_id"]} if "user_id" in to else {"email": to["emails"][0]} for to in recipients]
    return ok({"results": results})


def _recipients(request: Request, state: State) -> list[JsonObject]:
    body = request.body
    if ("user_ids" in body) + bool(body.get("all_users")) + ("emails" in body) != 1:
        message = "Exactly one of user_ids or all_users must be provided"
        raise known("SCHEMA_ERROR", message, message=message)
    if "emails" in body:
        return [{"type": "custom-emails", "emails": [each]} for each in body["emails"]]
    everybody = [each.id for each in state[USERS].where(project_id=request.project.id)]
    ids = dict.fromkeys(body.get("user_ids", everybody))
    found = [user_in_body(state, request.project, each) for each in ids]
    return [{"type": "user-primary-email", "user_id": each.id} for each in found]


def _category(name: str | None) -> str | None:
    if name is None:
        return None
    found = next((each for each in CATEGORIES if each.name == name), None)
    if found is None:
        raise plain(400, "Notification category not found with given name")
    return found.id


def _rendered(request: Request, state: State, email: OutboxEmail, *, subject: str | None = None) -> OutboxEmail:
    """Render the email, unless its source is invalid."""
    project: Project = request.project
    user = state[USERS].get(email.to.get("user_id", ""))
    source = theme_source(project, email.theme_id)
    by_id = {each.id: each for each in CATEGORIES}
    category = by_id.get(email.category_id or "")
    write = partial(
        render,
        email.tsx_source,
        source,
        user=user.display_name if user else None,
        project=project.display_name,
        variables=email.variables,
    )
    try:
        shown = write(unsubscribe_link=None)
        # The source may declare its category.
        category = category or next((each for each in CATEGORIES if each.name == shown.category), None)
        if category is not None and category.can_disable and user is not None:
            shown = write(unsubscribe_link=unsubscribe_link(request, state, user, category.id))
    except Broken as broken:
        return attrs.evolve(email, render_error=str(broken))
    return attrs.evolve(
        email,
        subject=subject or email.subject or shown.subject or "",
        html=shown.html,
        text=shown.text,
        category_id=category.id if category else None,
        is_transactional=category is not None and not category.can_disable,
        render_error=None,
    )


@route("GET", "/emails/outbox", access=SERVER, rules={"query.limit": between(1)})
def list_outbox(request: Request, state: State) -> Reply:
    deliver_due(state, request.project.id, request.now)
    query = request.query
    simple = query.get("simple_status")
    if simple is not None and simple not in SIMPLE.values():
        if request.release == "2026-04":
            raise plain(500, "Something went wrong.")
        fault = "query.simple_status must be one of the following values: in-progress, ok, error"
        raise schema_error(request.method, request.path, [fault])
    found = [
        each
        for each in newest_first(state[OUTBOX].where(project_id=request.project.id))
        if query.get("status", each.status) == each.status
        and (simple is None or SIMPLE[each.status] == simple)
        and query.get("user_id", each.to.get("user_id")) == each.to.get("user_id")
    ]
    if "cursor" in query:
        ids = [each.id for each in found]
        found = found[ids.index(query["cursor"]) :] if query["cursor"] in ids else []
    limit = query.get("limit", 100)
    return cursor_page([outbox_view(each) for each in found[:limit]], found[limit].id if limit < len(found) else None)


@route("GET", "/emails/outbox/{id}", access=SERVER)
def get_outbox_email(request: Request, state: State) -> Reply:
    return ok(outbox_view(_find(request, state)))


@route("PATCH", "/emails/outbox/{id}", access=SERVER, rules={"body.variables": ANY_FIELDS})
def change_outbox_email(request: Request, state: State) -> Reply:
    email, body = _find(request, state), request.body
    if email.status not in EDITABLE:
        status = email.status.upper().replace("-", "_")
        raise known("EMAIL_NOT_EDITABLE", email_id=email.id, status=status)
    if body.get("cancel"):
        return ok(outbox_view(state[OUTBOX].update(email, skipped_reason="MANUALLY_CANCELLED", is_paused=False)))
    changes: JsonObject = {
        name: body[name] for name in ("skip_deliverability_check", "scheduled_at_millis", "is_paused") if name in body
    }
    content: JsonObject = {name: body[name] for name in ("tsx_source", "variables") if name in body}
    if "theme_id" in body:
        content["theme_id"] = theme_id(request.project, body["theme_id"]) if body["theme_id"] is not None else None
    if "to" in body:
        content["to"] = _recipient(request, state, body["to"])
    if content:
        changed = attrs.evolve(email, **content, updated_at_millis=request.now)
        changes |= attrs.asdict(_rendered(request, state, changed), recurse=False)
        changes |= {name: body[name] for name in ("scheduled_at_millis", "is_paused") if name in body}
        changes.pop("id")
    state[OUTBOX].update(email, **changes)
    deliver_due(state, request.project.id, request.now)
    return ok(outbox_view(_find(request, state)))


def _recipient(request: Request, state: State, to: JsonObject) -> JsonObject:
    kind, emails, user_id = to.get("type"), to.get("emails"), to.get("user_id")
    view: JsonObject = {"type": kind}
    if kind in ("user-primary-email", "user-custom-emails") and isinstance(user_id, str):
        view["user_id"] = user_in_body(state, request.project, user_id).id
    if kind in ("user-custom-emails", "custom-emails") and _are_texts(emails):
        view["emails"] = emails
    complete = {"user-primary-email": 2, "user-custom-emails": 3, "custom-emails": 2}
    if complete.get(str(kind)) != len(view):
        raise schema_error(request.method, request.path, ["body.to is no recipient"])
    return view


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _find(request: Request, state: State) -> OutboxEmail:
    deliver_due(state, request.project.id, request.now)
    found = state[OUTBOX].get(request.params["id"])
    if found is None or found.project_id != request.project.id:
        raise plain(404, "Email not found")
    return found


@route("GET", "/internal/emails", access=ADMIN)
def list_sent_emails(request: Request, state: State) -> Reply:
    deliver_due(state, request.project.id, request.now)
    return page([_sent_view(each) for each in newest_first(state[OUTBOX].where(project_id=request.project.id))])


def _sent_view(email: OutboxEmail) -> JsonObject:
    to = [f"User ID: {email.to['user_id']}"] if "user_id" in email.to else email.to["emails"]
    return {
        "id": email.id,
        "subject": email.subject or "",
        "sent_at_millis": email.delivered_at_millis or email.created_at_millis,
        "to": to,
        "error": {"message": email.render_error} if email.render_error is not None else None,
    }

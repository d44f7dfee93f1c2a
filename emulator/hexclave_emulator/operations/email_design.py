"""`/internal/email-themes`, `-templates`, `-drafts` and `/emails/render-email`."""

from typing import Final

from hexclave_emulator.checking.rules import Rule
from hexclave_emulator.domains.email_design import (
    DRAFTS,
    Draft,
    find_draft,
    find_template,
    preview,
    templates,
    theme_id,
    theme_source,
    themes,
    with_markers,
)
from hexclave_emulator.domains.projects import change_settings
from hexclave_emulator.mail.editable import with_comments
from hexclave_emulator.mail.rendering import preview_variables
from hexclave_emulator.mail.sources import DEFAULT_THEME, DRAFT, THEMES
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.routing.routes import ADMIN, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State

_NO_THEME = "No theme found with given id"
_NO_TEMPLATE = "No template found with given id"
_NO_DRAFT = "No draft found with given id"


@route("GET", "/internal/email-themes", access=ADMIN)
def list_themes(request: Request, _state: State) -> Reply:
    found = [{"id": each, "display_name": theme["displayName"]} for each, theme in themes(request.project).items()]
    return ok({"themes": found})


@route("POST", "/internal/email-themes", access=ADMIN)
def create_theme(request: Request, state: State) -> Reply:
    source = THEMES[DEFAULT_THEME]["tsxSource"]
    return _create(request, state, "themes", {"displayName": request.body["display_name"], "tsxSource": source})


@route("GET", "/internal/email-themes/{id}", access=ADMIN)
def get_theme(request: Request, _state: State) -> Reply:
    theme = _theme(request)
    view = {"display_name": theme["displayName"], "tsx_source": theme["tsxSource"]}
    return ok({"id": request.params["id"], **view})


@route("PATCH", "/internal/email-themes/{id}", access=ADMIN)
def change_theme(request: Request, state: State) -> Reply:
    theme, source = _theme(request), request.body["tsx_source"]
    preview(DRAFT, source, {}, name=request.project.display_name)
    _set(request, state, "themes", {**theme, "tsxSource": source})
    return ok({"display_name": theme["displayName"]})


@route("DELETE", "/internal/email-themes/{id}", access=ADMIN)
def delete_theme(request: Request, state: State) -> Reply:
    _theme(request)
    _set(request, state, "themes", None)
    return ok({})


@route("GET", "/internal/email-templates", access=ADMIN)
def list_templates(request: Request, _state: State) -> Reply:
    return ok({"templates": [_template_view(each, found) for each, found in templates(request.project).items()]})


@route("POST", "/internal/email-templates", access=ADMIN)
def create_template(request: Request, state: State) -> Reply:
    return _create(request, state, "templates", {"displayName": request.body["display_name"], "tsxSource": DRAFT})


@route("PATCH", "/internal/email-templates/{id}", access=ADMIN)
def change_template(request: Request, state: State) -> Reply:
    project, source = request.project, request.body["tsx_source"]
    template = find_template(project, request.params["id"], _NO_TEMPLATE, 404)
    chosen = request.body.get("theme_id")
    theme = theme_source(project, theme_id(project, chosen))
    shown = preview(source, theme, preview_variables(source), name="My Project")
    kept = {name: value for name, value in template.items() if name != "themeId"}
    _set(request, state, "templates", {**kept, "tsxSource": source, **({} if chosen is None else {"themeId": chosen})})
    return ok({"rendered_html": shown.html})


@route("DELETE", "/internal/email-templates/{id}", access=ADMIN)
def delete_template(request: Request, state: State) -> Reply:
    find_template(request.project, request.params["id"], _NO_TEMPLATE, 404)
    _set(request, state, "templates", None)
    return ok({})


@route("GET", "/internal/email-drafts", access=ADMIN)
def list_drafts(request: Request, state: State) -> Reply:
    return ok({"drafts": [_draft_view(each) for each in state[DRAFTS].where(project_id=request.project.id)]})


@route("POST", "/internal/email-drafts", access=ADMIN)
def create_draft(request: Request, state: State) -> Reply:
    body, project = request.body, request.project
    theme_id(project, body.get("theme_id"))
    draft = Draft(
        id=new_id(),
        project_id=project.id,
        display_name=body["display_name"],
        tsx_source=body.get("tsx_source", DRAFT),
        theme_id=body.get("theme_id"),
    )
    return ok({"id": state[DRAFTS].insert(draft).id})


@route("GET", "/internal/email-drafts/{id}", access=ADMIN)
def get_draft(request: Request, state: State) -> Reply:
    return ok(_draft_view(find_draft(state, request.project, request.params["id"], _NO_DRAFT, 404)))


@route("PATCH", "/internal/email-drafts/{id}", access=ADMIN)
def change_draft(request: Request, state: State) -> Reply:
    draft = find_draft(state, request.project, request.params["id"], _NO_DRAFT, 404)
    theme_id(request.project, request.body.get("theme_id"))
    names = ("display_name", "theme_id", "tsx_source", "sent_at_millis")
    state[DRAFTS].update(draft, **{name: request.body[name] for name in names if name in request.body})
    return ok({"ok": "ok"})


@route("DELETE", "/internal/email-drafts/{id}", access=ADMIN)
def delete_draft(request: Request, state: State) -> Reply:
    state[DRAFTS].delete(find_draft(state, request.project, request.params["id"], _NO_DRAFT, 404).id)
    return ok({"ok": "ok"})


_SOURCES: Final = Rule(
    one_of=(
        ("template_id", "theme_id?"),
        ("template_id", "theme_tsx_source"),
        ("template_tsx_source", "theme_id?"),
        ("template_tsx_source", "theme_tsx_source"),
    )
)


@route("POST", "/emails/render-email", access=ADMIN, rules={"body": _SOURCES})
def render_email(request: Request, _state: State) -> Reply:
    body, project = request.body, request.project
    source = body.get("template_tsx_source")
    if source is None:
        source = find_template(project, body["template_id"], "No template found with given id", 400)["tsxSource"]
    theme = body.get("theme_tsx_source")
    if theme is None:
        theme = theme_source(project, theme_id(project, body.get("theme_id")))
    regions: JsonObject | None = None
    variables = preview_variables(source)
    if body.get("editable_markers"):
        source, theme, regions = with_markers(source, theme, body.get("editable_source", "template"))
    shown = preview(source, theme, variables, name=project.display_name)
    view = {
        "html": shown.html if regions is None else with_comments(shown.html),
        "subject": shown.subject,
        "notification_category": shown.category,
        "editable_regions": regions,
    }
    return ok({name: value for name, value in view.items() if value is not None})


def _theme(request: Request) -> JsonObject:
    found: JsonObject | None = themes(request.project).get(request.params["id"])
    if found is None:
        raise plain(404, _NO_THEME)
    return found


def _create(request: Request, state: State, kind: str, value: JsonObject) -> Reply:
    identifier = new_id()
    change_settings(state, request.project, {f"emails.{kind}.{identifier}": value})
    return ok({"id": identifier})


def _set(request: Request, state: State, kind: str, value: JsonObject | None) -> None:
    change_settings(state, request.project, {f"emails.{kind}.{request.params['id']}": value})


def _template_view(identifier: str, template: JsonObject) -> JsonObject:
    view = {"id": identifier, "display_name": template["displayName"], "tsx_source": template["tsxSource"]}
    return view | ({"theme_id": template["themeId"]} if "themeId" in template else {})


def _draft_view(draft: Draft) -> JsonObject:
    return {
        "id": draft.id,
        "display_name": draft.display_name,
        "tsx_source": draft.tsx_source,
        # Omitted if the project's own theme applies; null is never sent.
        **({} if draft.theme_id is None else {"theme_id": draft.theme_id}),
        "sent_at_millis": draft.sent_at_millis,
    }

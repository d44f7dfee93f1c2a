"""Email design: themes and templates, which are settings of the project, and drafts."""

from typing import Any, Final

import attrs

from hexclave_emulator.domains.projects import Project, project_setting
from hexclave_emulator.mail.editable import marked
from hexclave_emulator.mail.rendering import Broken, Rendered, render
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.state.tables import State, table

_NOBODY: Final = "John Doe"
"""The recipient in previews."""


@attrs.frozen(kw_only=True)
class Draft:
    id: str
    project_id: str
    display_name: str
    tsx_source: str
    theme_id: Any
    """`None` for the project's own theme, `False` for none."""
    sent_at_millis: int | None = None


DRAFTS: Final = table("email_drafts", Draft, indexes=("project_id",))


def themes(project: Project) -> JsonObject:
    """Return name and source by theme id."""
    return dict(project_setting(project, "emails.themes") or {})


def templates(project: Project) -> JsonObject:
    """Return name and source by template id."""
    return dict(project_setting(project, "emails.templates") or {})


def find_template(project: Project, template_id: str, refusal: str, status: int) -> JsonObject:
    """Return the template, or refuse in plain text."""
    found: JsonObject | None = templates(project).get(template_id)
    if found is None:
        raise plain(status, refusal)
    return found


def find_draft(state: State, project: Project, draft_id: str, refusal: str, status: int) -> Draft:
    """Return the draft, or refuse in plain text."""
    found = state[DRAFTS].get(draft_id)
    if found is None or found.project_id != project.id:
        raise plain(status, refusal)
    return found


def theme_id(project: Project, chosen: Any) -> str | None:
    """Return the theme for a request: `None` is the project's own, `False` none at all.

    Raises:
        Refusal: 400: the theme does not exist.
    """
    if chosen is False:
        return None
    if chosen is None:
        selected: str | None = project_setting(project, "emails.selectedThemeId")
        return selected if selected in themes(project) else None
    if chosen not in themes(project):
        raise plain(400, "No theme found with given theme_id")
    return str(chosen)


def preview(source: str, theme: str | None, variables: JsonObject, *, name: str) -> Rendered:
    """Render the email for a sample recipient; EMAIL_RENDERING_ERROR if a source is invalid.

    Args:
        name: the project's name.
    """
    try:
        return render(
            source,
            theme,
            user=_NOBODY,
            project=name,
            variables=variables,
            unsubscribe_link="https://example.com",
        )
    except Broken as broken:
        raise known("EMAIL_RENDERING_ERROR", error=str(broken)) from None


def with_markers(source: str, theme: str | None, which: str) -> tuple[str, str | None, JsonObject]:
    """Return both sources with editable texts marked if `which` includes them (`template`, `theme` or `both`), and the
    texts by id. EMAIL_RENDERING_ERROR if a source is invalid.
    """
    regions: JsonObject = {}
    try:
        if which in ("template", "both"):
            source, found = marked(source, "template")
            regions |= found
        if theme is not None and which in ("theme", "both"):
            theme, found = marked(theme, "theme")
            regions |= found
    except Broken as broken:
        raise known("EMAIL_RENDERING_ERROR", error=str(broken)) from None
    return source, theme, regions


def theme_source(project: Project, identifier: str | None) -> str | None:
    """Return the source of the theme; `None` for no theme."""
    if identifier is None:
        return None
    return str(themes(project).get(identifier, {}).get("tsxSource", "")) or None

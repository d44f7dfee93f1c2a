"""The way from a request for a sign-in page to its response, the same for all frameworks."""

import logging
from contextlib import suppress
from http import HTTPStatus
from typing import Final

import attrs

from hexclave._steps import Steps
from hexclave.errors import HexclaveError, RedirectUrlNotWhitelisted, UnsafeUseError
from hexclave.sign_in._browser import Browser
from hexclave.sign_in._messages import Outcome, Page, Redirect, Request, Response
from hexclave.sign_in._pages import account, emailed, entering, passkeys, providers
from hexclave.sign_in._problems import problem_of
from hexclave.sign_in._rendering import Renderer
from hexclave.sign_in._settings import Settings
from hexclave.sign_in._visit import Problem, ProjectSettings, Route, Routes, Visit

_LOG: Final = logging.getLogger("hexclave")
_ROUTES: Final[Routes] = {
    **entering.ROUTES,
    **emailed.ROUTES,
    **providers.ROUTES,
    **passkeys.ROUTES,
    **account.ROUTES,
}
_CSRF_HEADER: Final = "x-csrf-token"


class Pages:
    """The sign-in pages of an application."""

    def __init__(self, settings: Settings) -> None:
        self.settings: Final = settings
        self._project: Final = ProjectSettings(settings)
        self._renderer: Final = Renderer(settings)

    def owns(self, path: str) -> bool:
        """Return whether the path is that of a page, with or without a trailing slash."""
        return path.startswith(f"{self.settings.prefix}/")

    def respond(self, browser: Browser, request: Request) -> Steps[Response]:
        """Return the response to a request for a page. The caller adds the browser's cookies."""
        name = request.path.removeprefix(f"{self.settings.prefix}/").rstrip("/")
        if name.startswith("static/"):
            return self._renderer.static(name.removeprefix("static/"))
        try:
            project = yield from self._project.get()
            user = yield from browser.user()
        except HexclaveError as error:
            return self._renderer.unavailable(browser, request, _logged(error))
        visit = Visit(self.settings, browser, request, project, user)
        try:
            outcome = yield from self._outcome(visit, name)
        except HexclaveError as error:
            return self._renderer.unavailable(browser, request, _logged(error))
        return self._renderer.response(visit, outcome)

    def _outcome(self, visit: Visit, name: str) -> Steps[Outcome]:
        route, method = _ROUTES.get(name), visit.request.method
        if route is None:
            return Page("problem", {"problem": "This page does not exist."}, HTTPStatus.NOT_FOUND)
        handler = {"GET": route.get, "HEAD": route.get, "POST": route.post}.get(method)
        if handler is None:
            return Page("problem", {"problem": "This page does not exist."}, HTTPStatus.METHOD_NOT_ALLOWED)
        if method == "POST" and not _is_own_form(visit):
            text = "This form has expired, or was sent by another site. Please go back and try again."
            return Page("problem", {"problem": text}, HTTPStatus.FORBIDDEN)
        if route.needs_user and visit.user is None:
            return _to_sign_in(visit)
        try:
            return (yield from handler(visit))
        except Problem as found:
            problem = found
        except HexclaveError as error:
            known = problem_of(error)
            if known is None:
                raise
            problem = known
        return (yield from _with_problem(visit, route, problem))


def _with_problem(visit: Visit, route: Route, problem: Problem) -> Steps[Outcome]:
    """Return the page again with the problem; if it has none, a page that only shows the problem."""
    page = Page("problem")
    form = route.form or route.get
    if form is not None and visit.request.method == "POST":
        with suppress(Problem, HexclaveError):  # The page itself may have the same problem.
            shown = yield from form(visit)
            page = shown if isinstance(shown, Page) else page
    data = {**page.data, "problem": problem.text, "field": problem.field, "email": visit.field("email")}
    return attrs.evolve(page, data=data, status=problem.status)


def _is_own_form(visit: Visit) -> bool:
    if visit.browser.is_cross_site:
        return False
    if visit.request.csrf is not None:  # checked by the framework
        return True
    return visit.browser.owns_csrf_token(visit.field("csrf_token") or visit.request.headers.get(_CSRF_HEADER, ""))


def _to_sign_in(visit: Visit) -> Outcome:
    if visit.request.wants_json:
        return Page("sign-in", {}, HTTPStatus.UNAUTHORIZED)
    return Redirect(visit.browser.sign_in_path)


def _logged(error: HexclaveError) -> HexclaveError:
    if isinstance(error, UnsafeUseError):
        raise error  # an error of the program, not of the API
    if isinstance(error, RedirectUrlNotWhitelisted):
        _LOG.error("The origin of the sign-in pages is not a trusted domain of the project: add it in the dashboard.")
    else:
        _LOG.warning("A sign-in page could not be shown: %s", error)
    return error

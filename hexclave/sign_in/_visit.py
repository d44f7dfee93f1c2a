"""A visit to a sign-in page: what the handlers of all pages need."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeVar
from urllib.parse import urlencode

import attrs

from hexclave import HexclaveClientApp
from hexclave._steps import Steps
from hexclave.errors import HexclaveError
from hexclave.sign_in._browser import Browser, ask, loaded, with_session
from hexclave.sign_in._messages import Outcome, Page, Redirect, Request
from hexclave.sign_in._paths import safe_path
from hexclave.sign_in._settings import Settings
from hexclave.tokens import MemoryTokenStore
from hexclave.verify import AccessTokenClaims
from hexclave_api.models import Project
from hexclave_api.operation import JsonValue

T = TypeVar("T")

_PROJECT_IS_FRESH: Final = 60.0
"""Seconds for which the project's public settings are used without asking again."""


class Problem(Exception):
    """Something that the user can correct; shown on the page. `field` is the input to correct."""

    def __init__(self, text: str, *, field: str | None = None, status: int = 422) -> None:
        super().__init__(text)
        self.text: Final = text
        self.field: Final = field
        self.status: Final = status


class ProjectSettings:
    """The project's public settings, fetched at most once a minute; the last ones are used while that fails."""

    def __init__(self, settings: Settings) -> None:
        self._settings: Final = settings
        self._fetched: tuple[float, Project] | None = None

    def get(self) -> Steps[Project]:
        """Return the settings.

        Raises:
            HexclaveError: they could not be fetched for the first time.
        """
        now = self._settings.now()
        if self._fetched is not None and now - self._fetched[0] < _PROJECT_IS_FRESH:
            return self._fetched[1]
        try:
            project = yield from ask(self._settings.app, lambda app: app.project.get())
        except HexclaveError:
            if self._fetched is None:
                raise
            project = self._fetched[1]
        self._fetched = now, project
        return project


@attrs.frozen
class Visit:
    """A request to one of the pages."""

    settings: Settings
    browser: Browser
    request: Request
    project: Project
    user: AccessTokenClaims | None

    # -- input

    def field(self, name: str) -> str:
        return self.request.form.get(name, "")

    @property
    def next(self) -> str:
        """The path of this site that the user wanted."""
        given = self.request.form.get("next") or self.request.query.get("next")
        return safe_path(given, self.settings.after_sign_in)

    @property
    def next_query(self) -> str:
        """The same as a query for links to other pages, empty if it is the default."""
        return "" if self.next == self.settings.after_sign_in else f"?{urlencode({'next': self.next})}"

    # -- output

    def page_path(self, name: str) -> str:
        """Return the path of a page for the browser."""
        return f"{self.request.root_path}{self.settings.prefix}/{name}"

    def page_url(self, name: str) -> str:
        """Return the URL of a page for emails and providers."""
        return f"{self.browser.origin}{self.page_path(name)}"

    def to_page(self, name: str) -> Redirect:
        return Redirect(self.page_path(name))

    def show(self, name: str, /, **data: JsonValue) -> Page:
        return Page(name, data)

    def notify(self, text: str) -> None:
        """Show the text on the browser's next page."""
        self.browser.started["notice"] = text

    # -- calls

    def ask(self, call: Callable[[HexclaveClientApp], T]) -> Steps[T]:
        """Call the API as the browser's user."""
        return ask(self.browser.app, call)

    def ask_signed_out(self, call: Callable[[HexclaveClientApp], T]) -> Steps[T]:
        """Call the API without a session."""
        return ask(with_session(self.settings.app, MemoryTokenStore()), call)

    def sign_in(self, call: Callable[[HexclaveClientApp], object]) -> Steps[None]:
        """Sign in with the call and start a session of the browser. An anonymous user who signs up keeps the ID.

        Raises:
            HexclaveError: the call failed; the browser's session is unchanged.
        """
        held = (yield from loaded(self.browser.store)) if self.user is not None and self.user.is_anonymous else None
        store = MemoryTokenStore(held)
        yield from ask(with_session(self.settings.app, store), call)
        tokens = store.load()
        if tokens is not None:
            yield from self.browser.start_session(tokens)

    def limit(self, account: str | None = None) -> Steps[None]:
        """Count an attempt of this address, and for this account.

        Raises:
            Problem: there were too many.
        """
        wait = yield from self.settings.throttle.wait_for(self.request.address, account)
        if wait > 0:
            raise Problem("Too many attempts. Please wait a few minutes and try again.", status=429)


class Handler(Protocol):
    """Handles the requests for one page."""

    def __call__(self, visit: Visit, /) -> Steps[Outcome]: ...


@attrs.frozen
class Route:
    """The handlers of a page."""

    get: Handler | None = None
    post: Handler | None = None
    form: Handler | None = None
    """The page with the form, if it is another one: it shows the problem and the input."""
    needs_user: bool = False
    """True if visitors without a session are redirected to the sign-in page first."""


Routes = Mapping[str, Route]


def done() -> Steps[None]:
    """Turn a function without API calls into a generator."""
    yield from ()

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from starlette.testclient import TestClient

from hexclave.integrations.fastapi import OptionalSessionUser, SessionApp, SessionUser, SignIn, require_session
from hexclave.testing import RunningEmulator, emulator
from hexclave.verify import AccessTokenClaims

SECRET = "a secret for tests, long enough to be one"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def shared_hx() -> Iterator[RunningEmulator]:
    with emulator() as hx:
        yield hx


@pytest.fixture
def hx(shared_hx: RunningEmulator) -> RunningEmulator:
    shared_hx.reset()
    return shared_hx


class Browser:
    """A client that fills in forms: it has cookies, and sends the hidden fields of the page it is on."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, follow_redirects=False, **options)

    def token(self) -> str:
        return str(self.get("/auth/sign-out").text.partition('name="csrf_token" value="')[2].partition('"')[0])

    def post(self, path: str, *, headers: dict[str, str] | None = None, **fields: str) -> Any:
        form = {"csrf_token": self.token(), **fields}
        return self.client.post(path, data=form, headers=headers or {}, follow_redirects=False)

    def sign_up(self, email: str = "ada@example.com") -> Any:
        answer = self.post("/auth/sign-up", email=email, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return answer

    def sign_in(self, email: str = "ada@example.com", password: str = PASSWORD, **fields: str) -> Any:
        return self.post("/auth/sign-in", email=email, password=password, **fields)

    def user(self) -> str | None:
        """The email of who is signed in, as the application sees it."""
        email: str | None = self.client.get("/", headers={"accept": "application/json"}).json()
        return email


def application(hx: RunningEmulator, **options: Any) -> FastAPI:
    api = FastAPI()
    app_options = options.pop("app_options", {})

    @api.get("/")
    async def home(user: OptionalSessionUser) -> str | None:
        return user and user.email

    @api.get("/private")
    async def private(user: SessionUser) -> str:
        return user.user_id

    @api.post("/private")
    async def change(user: SessionUser) -> str:
        return user.user_id

    @api.get("/fresh")
    async def fresh(user: Annotated[AccessTokenClaims, require_session(fresh=True)]) -> str:
        return user.user_id

    @api.get("/name")
    async def name(app: SessionApp) -> str | None:
        return (await app.me.get()).primary_email

    @api.get("/stream")
    async def stream(user: SessionUser) -> StreamingResponse:
        async def parts():
            yield user.user_id
            yield "."

        return StreamingResponse(parts())

    @api.get("/open")
    async def open_() -> str:
        return "open"

    @api.websocket("/live")
    async def live(socket: WebSocket, user: OptionalSessionUser) -> None:
        await socket.accept()
        await socket.send_text(user.user_id if user else "nobody")
        await socket.close()

    def make_app() -> Any:
        return hx.async_client_app(allow_restricted=True, allow_anonymous=True, **app_options)

    SignIn(api, make_app, **{"secret": SECRET, **options})
    return api


Serve = Callable[..., Any]


@pytest.fixture
def serve(hx: RunningEmulator) -> Serve:
    """Serves an application with these options to a new browser; more browsers come from `.another()`."""

    @contextmanager
    def served(*, base_url: str = "http://localhost", api: FastAPI | None = None, **options: Any) -> Iterator[Browser]:
        with TestClient(api or application(hx, **options), base_url=base_url) as client:
            yield Browser(client)

    return served


@pytest.fixture
def browser(serve: Serve) -> Iterator[Browser]:
    with serve() as made:
        yield made


@pytest.fixture
def another(browser: Browser) -> Callable[[], Browser]:
    """Makes another browser at the same application."""

    def made() -> Browser:
        return Browser(TestClient(browser.client.app, base_url=str(browser.client.base_url)))

    return made


def hidden_field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, html
    return found[1]

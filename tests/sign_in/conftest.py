import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from flask import Flask, Response, jsonify
from starlette.testclient import TestClient

from hexclave.integrations import asgi, flask
from hexclave.integrations.fastapi import OptionalSessionUser, SessionApp, SessionUser, SignIn, require_session
from hexclave.sign_in._handler import Pages
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

    def __init__(self, client: httpx.Client, application: Any) -> None:
        self.client = client
        self.application = application

    def another(self, **options: Any) -> "Browser":
        """Another browser at the same application."""
        return Browser(opened(self.application, str(self.client.base_url), **options), self.application)

    @property
    def pages(self) -> Pages:
        """The sign-in pages of the application, which has served a request."""
        if isinstance(self.application, Flask):
            found: Pages = self.application.extensions["hexclave.sign_in"]
            return found
        stack: Any = self.application.middleware_stack
        while not isinstance(stack, asgi.SignIn):
            stack = stack.app
        return stack._running()

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


def flask_application(hx: RunningEmulator, **options: Any) -> Flask:
    app = Flask(__name__)
    app_options = options.pop("app_options", {})

    @app.get("/")
    def home() -> Any:
        user = flask.optional_session_user()
        return jsonify(user and user.email)

    @app.route("/private", methods=["GET", "POST"])
    @flask.require_session
    def private() -> Any:
        return jsonify(flask.session_user.user_id)

    @app.get("/fresh")
    @flask.require_session(fresh=True)
    def fresh() -> str:
        return flask.session_user.user_id

    @app.get("/name")
    def name() -> Any:
        return jsonify(flask.session_app().me.get().primary_email)

    @app.get("/stream")
    def stream() -> Any:
        return Response(iter([flask.session_user.user_id, "."]))

    @app.get("/open")
    def open_() -> str:
        return "open"

    def make_app() -> Any:
        return hx.client_app(allow_restricted=True, allow_anonymous=True, **app_options)

    flask.SignIn(app, make_app, **{"secret": SECRET, **options})
    app.testing = True  # errors reach the test
    return app


def opened(application: FastAPI | Flask, base_url: str, **options: Any) -> httpx.Client:
    if isinstance(application, Flask):
        return httpx.Client(transport=httpx.WSGITransport(application), base_url=base_url, **options)
    return TestClient(application, base_url=base_url, **options)


Serve = Callable[..., Any]


@pytest.fixture(params=["fastapi", "flask"])
def make(request: pytest.FixtureRequest) -> Callable[..., FastAPI | Flask]:
    """Makes an application of each framework."""
    return application if request.param == "fastapi" else flask_application


@pytest.fixture
def serve(hx: RunningEmulator, make: Callable[..., FastAPI | Flask]) -> Serve:
    """Serves an application with these options to a new browser."""

    @contextmanager
    def served(*, base_url: str = "http://localhost", **options: Any) -> Iterator[Browser]:
        made = make(hx, **options)
        with opened(made, base_url) as client:
            yield Browser(client, made)

    return served


@pytest.fixture
def browser(serve: Serve) -> Iterator[Browser]:
    with serve() as made:
        yield made


@pytest.fixture
def another(browser: Browser) -> Callable[[], Browser]:
    """Makes another browser at the same application."""

    return browser.another


def hidden_field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, html
    return found[1]

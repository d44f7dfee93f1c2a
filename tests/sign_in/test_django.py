"""Django: its users, its CSRF tokens, its settings. The example project, over sockets."""

import os
import subprocess
import sys

import httpx
import pytest

from hexclave.sign_in._handler import _ROUTES
from hexclave.testing import emulator
from tests.integrations.serving import GUNICORN, ROOT, served
from tests.sign_in.conftest import PASSWORD, SECRET, hidden_field
from tests.sign_in.test_pages import JSON, code_in, where

POSTS = sorted(name for name, route in _ROUTES.items() if route.post is not None)
EXAMPLE = (sys.executable, "examples/django_sign_in_app.py")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The emulator, and the URL of the example with four workers."""
    with emulator() as hx, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE", str(tmp_path_factory.mktemp("django") / "db.sqlite3"))
        environment = {**os.environ, **hx.environment(), "SESSION_SECRET": SECRET}
        subprocess.run([*EXAMPLE, "migrate"], cwd=ROOT, env=environment, check=True, capture_output=True)
        command = (*GUNICORN, "--workers", "4", "examples.django_sign_in_app:application")
        with served(command, hx) as url:
            yield hx, url.replace("127.0.0.1", "localhost")


class Browser:
    def __init__(self, url):
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=20)

    def get(self, path, **options):
        return self.client.get(path, **options)

    def token(self):
        return hidden_field(self.get("/auth/sign-out").text, "csrfmiddlewaretoken")

    def post(self, path, *, headers=None, **fields):
        return self.client.post(path, data={"csrfmiddlewaretoken": self.token(), **fields}, headers=headers)

    def sign_up(self, email):
        assert where(self.post("/auth/sign-up", email=email, password=PASSWORD)) == "/"


@pytest.fixture
def browser(project):
    made = Browser(project[1])
    with made.client:
        yield made


def test_login_required_sends_visitors_to_the_sign_in_page_and_back(project, browser):
    asked = browser.get("/documents").headers["location"]
    assert asked == "/auth/sign-in?next=/documents"
    wanted = hidden_field(browser.get(asked).text, "next")
    browser.sign_up("ada@example.com")
    browser.post("/auth/sign-out")
    assert where(browser.post("/auth/sign-in", email="ada@example.com", password=PASSWORD, next=wanted)) == "/documents"


def test_a_user_of_hexclave_is_one_local_user(project, browser):
    hx, url = project
    browser.sign_up("grace@example.com")
    first = browser.get("/documents").json()["user"]
    (user,) = [each for each in hx.server_app().users.list() if each.primary_email == "grace@example.com"]
    assert first == user.id
    other = Browser(url)
    assert where(other.post("/auth/sign-in", email="grace@example.com", password=PASSWORD)) == "/"
    assert other.get("/documents").json()["user"] == first
    browser.post("/auth/sign-out")
    assert browser.get("/documents").headers["location"].startswith("/auth/sign-in")
    assert other.get("/documents").status_code == 200
    other.client.close()


@pytest.mark.parametrize("name", POSTS)
def test_django_checks_the_token_of_every_form(project, browser, name):
    for fields in ({}, {"csrfmiddlewaretoken": "x" * 64}, {"csrf_token": "x"}):
        assert browser.client.post(f"/auth/{name}", data=fields).status_code == 403
    foreign = {"csrfmiddlewaretoken": browser.token()}
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert browser.client.post(f"/auth/{name}", data=foreign, headers=headers).status_code == 403


def test_signing_in_changes_djangos_csrf_token(browser):
    browser.get("/auth/sign-in")
    before, token = browser.client.cookies["csrftoken"], browser.token()
    browser.sign_up("lin@example.com")
    assert browser.client.cookies["csrftoken"] != before
    assert browser.client.post("/auth/sign-out", data={"csrfmiddlewaretoken": token}).status_code == 403


def test_scripts_use_djangos_header(browser):
    shown = browser.get("/auth/sign-up", headers=JSON).json()
    answer = browser.client.post(
        "/auth/sign-up",
        json={"email": "kay@example.com", "password": PASSWORD},
        headers={**JSON, "x-csrftoken": shown["csrf_token"]},
    )
    assert answer.json() == {"redirect": "/"}


def test_cookies_and_caches(browser):
    browser.client.headers["accept-encoding"] = "identity"
    answer = browser.post("/auth/sign-up", email="joan@example.com", password=PASSWORD)
    (cookie,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith("hexclave-session=")]
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    assert browser.get("/").headers["cache-control"] == "private, no-store"
    assert browser.get("/auth/account").headers["cache-control"] == "no-store"


def test_a_verified_email_is_copied(project, browser):
    hx, _ = project
    browser.sign_up("mary@example.com")
    assert where(browser.post("/auth/verify-email", code=code_in(hx.outbox[-1].link))) == "/"
    user = browser.get("/documents").json()["user"]
    query = f"from django.contrib.auth.models import User; print(User.objects.get(username='{user}').email)"
    source = f"import sys; sys.argv = ['x']; sys.path.insert(0, '.'); import examples.django_sign_in_app; {query}"
    environment = {**os.environ, **hx.environment(), "SESSION_SECRET": SECRET}
    done = subprocess.run([sys.executable, "-c", source], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "mary@example.com", done.stderr


WRONG = {"project_id": {}, "unknown setting SECRT": {"SECRT": "x"}, "is a key": {"PROJECT_ID": "pck_x"}}
CHECK = """
import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

settings.configure(SECRET_KEY="k" * 50)
django.setup()
from hexclave.integrations.django.sign_in import SignInMiddleware

for said, setting in {wrong}.items():
    with override_settings(HEXCLAVE_SIGN_IN=setting):
        try:
            SignInMiddleware(lambda request: None)
        except ImproperlyConfigured as error:
            assert said in str(error) and "HEXCLAVE_SIGN_IN" in str(error), error
        else:
            raise AssertionError(said)
"""


def test_wrong_settings_stop_the_server():
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HEXCLAVE_", "STACK_"))}
    command = [sys.executable, "-c", CHECK.format(wrong=WRONG)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


UNPROTECTED = """
import django
from django.conf import settings
from django.urls import include, path

settings.configure(
    ALLOWED_HOSTS=["*"],
    HEXCLAVE_SIGN_IN={"ORIGIN": "http://localhost"},
    MIDDLEWARE=["hexclave.integrations.django.sign_in.SignInMiddleware"],
    ROOT_URLCONF="__main__",
    SECRET_KEY="k" * 50,
)
django.setup()
from django.http import HttpResponse
from django.test import AsyncClient, Client
from hexclave.integrations.django.sign_in import require_session
import asyncio

@require_session()
def private(request):
    return HttpResponse(request.hexclave.user().email)

@require_session()
async def aprivate(request):
    return HttpResponse("async")

urlpatterns = [
    path("private", private),
    path("aprivate", aprivate),
    path("login/", include("hexclave.integrations.django.sign_in_urls")),
]
client = Client(enforce_csrf_checks=True)
assert client.get("/private").headers["location"] == "/login/sign-in?next=%2Fprivate"
page = client.get("/login/sign-up").content.decode()
token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
form = {"email": "alan@example.com", "password": "correct horse battery"}
assert client.post("/login/sign-up", form).status_code == 403
assert client.get("/private").status_code == 303
form["csrfmiddlewaretoken"] = token
body = "&".join(f"{name}={value}" for name, value in form.items())
signed = client.post("/login/sign-up", body, "application/x-www-form-urlencoded")
assert signed.status_code == 303, signed.content
assert client.get("/private").content == b"alan@example.com"
assert client.get("/aprivate").content == b"async"
other = AsyncClient()
answer = asyncio.run(other.get("/aprivate", headers={"accept": "application/json"}))
assert (answer.status_code, answer.headers["cache-control"]) == (401, "private, no-store")
"""


def test_a_project_without_users_and_csrf_middleware(project):
    """The pages check tokens all the same; views have `require_session`, sync and async."""
    hx, _ = project
    command = [sys.executable, "-c", UNPROTECTED]
    environment = {**os.environ, **hx.environment()}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

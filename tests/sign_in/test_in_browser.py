"""The example applications in a real browser, without a window: without JavaScript, by keyboard, for screen readers.

SCREENSHOTS=directory keeps pictures of all pages, light and dark.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

from hexclave.testing import RunningEmulator, emulator  # noqa: E402
from hexclave_emulator.operations.mfa import totp_digits  # noqa: E402
from tests.integrations.serving import GUNICORN, ROOT, UVICORN, served  # noqa: E402
from tests.sign_in.conftest import PASSWORD, SECRET  # noqa: E402 -- after what may skip the module
from tests.sign_in.test_pages import totp_of  # noqa: E402

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)")

DJANGO = (sys.executable, "examples/django_sign_in_app.py")
SERVERS = {
    "fastapi-uvicorn": (*UVICORN, "examples.fastapi_sign_in_app:api"),
    "flask-gunicorn": (*GUNICORN, "--workers", "4", "examples.flask_sign_in_app:app"),
    "django-runserver": (*DJANGO, "runserver", "--noreload", "{port}"),
}
SCREENSHOTS = os.environ.get("SCREENSHOTS")

Open = Callable[..., "playwright.Page"]


@pytest.fixture(scope="module")
def chromium() -> Iterator["playwright.Browser"]:
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def project() -> Iterator[RunningEmulator]:
    with emulator() as hx:
        yield hx


@pytest.fixture(scope="module", params=list(SERVERS))
def url(
    request: pytest.FixtureRequest, project: RunningEmulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        if request.param.startswith("django"):
            patch.setenv("DATABASE", str(tmp_path_factory.mktemp("django") / "db.sqlite3"))
            patch.setenv("SESSION_SECRET", SECRET)
            for name, value in project.environment().items():
                patch.setenv(name, value)
            subprocess.run([*DJANGO, "migrate"], cwd=ROOT, check=True, capture_output=True)
        address = stack.enter_context(served(SERVERS[request.param], project))
        yield address.replace("127.0.0.1", "localhost")


@pytest.fixture
def open_page(chromium: "playwright.Browser", url: str, project: RunningEmulator) -> Iterator[Open]:
    """Opens a page in a new browser. Complaints of the browser, such as about the CSP, fail the test."""
    complaints: list[str] = []

    def opened(path: str = "/", *, javascript: bool = False, **options: str) -> "playwright.Page":
        context = chromium.new_context(java_script_enabled=javascript, base_url=url, **options)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(path)
        return page

    yield opened
    for context in chromium.contexts:
        context.close()
    assert [each for each in complaints if not each.startswith(("Failed to load resource", "[DOM]"))] == []


@pytest.fixture
def email() -> str:
    return f"user-{time.time_ns()}@example.com"


def fill(page: "playwright.Page", button: str, **fields: str) -> None:
    form = page.locator("form", has=page.get_by_role("button", name=button, exact=True)).first
    for name, value in fields.items():
        form.locator(f"[name={name}]").fill(value)
    form.get_by_role("button", name=button, exact=True).click()


def sign_up(page: "playwright.Page", email: str) -> None:
    page.goto("/auth/sign-up")
    fill(page, "Sign up", email=email, password=PASSWORD)


def heading(page: "playwright.Page") -> str:
    return str(page.get_by_role("heading", level=1).inner_text())


def mail_to(hx: RunningEmulator, email: str) -> str:
    return next(mail.link for mail in reversed(hx.outbox) if mail.to == email)


def test_sign_up_out_and_in_again(open_page: Open, email: str) -> None:
    page = open_page("/documents")
    assert heading(page) == "Sign in"
    page.get_by_role("link", name="Sign up").click()
    fill(page, "Sign up", email=email, password=PASSWORD)
    assert urlsplit(page.url).path == "/documents"
    page.goto("/")
    page.get_by_role("link", name="Your account").click()
    assert heading(page) == "Your account"
    page.locator("form[action='/auth/sign-out']").get_by_role("button").click()
    assert heading(page) == "Hello, stranger"
    page.get_by_role("link", name="Sign in").click()
    fill(page, "Sign in", email=email, password="wrong password")
    assert "Incorrect email or password." in page.get_by_role("alert").inner_text()
    fill(page, "Sign in", email=email, password=PASSWORD)
    assert heading(page) == f"Hello, {email}"


def test_two_browsers_at_once(open_page: Open) -> None:
    emails = [f"user-{time.time_ns()}-{n}@example.com" for n in range(2)]
    pages = [open_page() for _ in emails]
    for page, each in zip(pages, emails, strict=True):
        sign_up(page, each)
    for page, each in zip(pages, emails, strict=True):
        page.goto("/")
        assert heading(page) == f"Hello, {each}"


def test_code_and_link_from_an_email(open_page: Open, project: RunningEmulator, email: str) -> None:
    page = open_page("/auth/sign-in")
    fill(page, "Send me a code", email=email)
    assert heading(page) == "Check your email"
    fill(page, "Sign in", code=project.outbox[-1].short_code or "")
    assert heading(page) == f"Hello, {email}"
    other = open_page("/auth/sign-in?next=/auth/account")
    fill(other, "Send me a code", email=email)
    other.goto(mail_to(project, email))
    other.get_by_role("button", name="Sign in").click()
    assert heading(other) == "Your account"


def test_reset_the_password_and_verify_the_email(open_page: Open, project: RunningEmulator, email: str) -> None:
    page = open_page()
    sign_up(page, email)
    page.goto(mail_to(project, email))
    page.get_by_role("button", name="Verify email").click()
    page.goto("/auth/account")
    assert "not verified" not in page.locator("main").inner_text()
    other = open_page("/auth/sign-in")
    other.get_by_role("link", name="Forgot your password?").click()
    fill(other, "Send me a link", email=email)
    assert "we have sent a link" in other.get_by_role("status").inner_text()
    other.goto(mail_to(project, email))
    fill(other, "Change password", password="another password")
    fill(other, "Sign in", email=email, password="another password")
    assert heading(other) == f"Hello, {email}"


def test_second_factor(open_page: Open, project: RunningEmulator, email: str) -> None:
    page = open_page()
    sign_up(page, email)
    page.goto("/auth/account/mfa")
    secret = totp_of(page.locator(".key").inner_text())
    fill(page, "Switch on", totp=totp_digits(secret, project.clock.seconds()))
    assert "Two-factor authentication is on." in page.get_by_role("status").inner_text()
    other = open_page("/auth/sign-in")
    fill(other, "Sign in", email=email, password=PASSWORD)
    assert heading(other) == "Two-factor authentication"
    fill(other, "Continue", totp=totp_digits(secret, project.clock.seconds()))
    assert heading(other) == f"Hello, {email}"


def test_provider(open_page: Open, email: str) -> None:
    page = open_page("/auth/sign-in?next=/auth/account")
    page.get_by_role("button", name="Continue with GitHub").click()
    page.locator("[name=email]").fill(email)
    page.get_by_role("button", name="Allow").click()
    assert heading(page) == "Your account"
    assert "GitHub" in page.get_by_role("region", name="Connected accounts").inner_text()
    page.get_by_role("button", name="Connect Google").click()
    page.locator("[name=email]").fill(email)
    page.get_by_role("button", name="Allow").click()
    assert "Google" in page.get_by_role("region", name="Connected accounts").get_by_role("list").inner_text()


def test_passkey(open_page: Open, email: str) -> None:
    """The only flow with JavaScript; without it, the pages do not offer it."""
    page = open_page("/auth/sign-in", javascript=True)
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_up(page, email)
    page.goto("/auth/account")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Remove passkey").wait_for()
    page.locator("form[action='/auth/sign-out']").get_by_role("button").click()
    page.goto("/auth/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/")
    assert heading(page) == f"Hello, {email}"
    assert not open_page("/auth/sign-in").get_by_role("button", name="Sign in with a passkey").is_visible()


def test_by_keyboard(open_page: Open, email: str) -> None:
    page = open_page("/auth/sign-up")
    page.keyboard.press("Tab")
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type("short")
    page.keyboard.press("Enter")  # the browser itself asks for a longer one
    assert heading(page) == "Sign up"
    page.keyboard.press("Control+A")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    assert heading(page) == f"Hello, {email}"
    page.goto("/auth/account")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('form[action=\"/auth/sign-out\"] button') !== null"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    assert heading(page) == "Hello, stranger"


@pytest.mark.parametrize("url", ["fastapi-uvicorn"], indirect=True)  # the pages are the same everywhere
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_pages(open_page: Open, project: RunningEmulator, email: str, scheme: str) -> None:
    page = open_page(javascript=True, color_scheme=scheme)
    looked_at = []

    def check(name: str) -> None:
        found = axe.Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        looked_at.append(name)
        if SCREENSHOTS:
            page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{scheme}.png", full_page=True)

    for name in ("sign-in", "sign-up", "sign-out", "forgot-password", "nothing"):
        page.goto(f"/auth/{name}")
        check(name)
    for name in ("magic-link", "reset-password", "verify-email"):
        page.goto(f"/auth/{name}?code={'x' * 45}")
        check(name)
    page.goto("/auth/sign-in")
    fill(page, "Sign in", email=email, password="wrong password")
    check("wrong-password")
    page.goto("/auth/sign-in")
    fill(page, "Send me a code", email=email)
    check("code")
    sign_up(page, email)
    page.goto("/auth/account")
    check("account")
    page.goto("/auth/account/mfa")
    check("account-mfa")
    fill(page, "Switch on", totp=totp_digits(totp_of(page.locator(".key").inner_text()), project.clock.seconds()))
    page.locator("form[action='/auth/sign-out']").get_by_role("button").click()
    page.goto("/auth/sign-in")
    fill(page, "Sign in", email=email, password=PASSWORD)
    check("mfa")
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/auth/sign-in")
    assert page.evaluate("document.documentElement.scrollWidth <= 320")
    check("narrow")
    assert len(looked_at) == 14

"""The page at `/_emulator` in a real headless browser. Skipped if no Chromium is installed."""

import time
from collections.abc import Callable

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from hexclave.retries import Retries  # noqa: E402
from hexclave.testing import RunningEmulator  # noqa: E402
from hexclave_api import OPERATIONS  # noqa: E402
from hexclave_emulator.mail.messages import send_mail  # noqa: E402 -- after what may skip the module

create_user = OPERATIONS["create_user"].function
list_users = OPERATIONS["list_users"].function

Open = Callable[..., "playwright.Page"]


def test_every_section_shows_what_happened(hx: RunningEmulator, open_page: Open) -> None:
    """By its name in the navigation, with a count."""
    server, client = hx.server_app(), hx.client_app()
    ada = server.call(create_user(display_name="Ada Lovelace", primary_email="ada@example.com"))
    server.call(OPERATIONS["create_team_as_server"].function(display_name="Engineers", creator_user_id=ada.id))
    client.auth.sign_up_with_password(email="lin@example.com", password="correct horse battery")
    page = open_page()
    for name, words in {
        "Users 2": ["Ada Lovelace", "ada@example.com", "lin@example.com"],
        "Teams 1": ["Engineers"],
        "Sessions 1": ["lin@example.com", "live"],
        "Requests 3": ["/api/v1/users", "201"],
        "Project and keys": [f"HEXCLAVE_PROJECT_ID={hx.project.project_id}", "HEXCLAVE_SECRET_SERVER_KEY=••••••••"],
    }.items():
        page.get_by_role("link", name=name).click()
        shown = page.locator("main > section:visible")
        assert shown.count() == 1
        for word in words:
            playwright.expect(shown).to_contain_text(word)


def test_a_person_signs_in_with_a_sent_mail(hx: RunningEmulator, open_page: Open) -> None:
    """The link leads to the app with the code, and the code can be copied."""
    hx.client_app().auth.send_sign_in_code(email="kay@example.com", callback_url="http://localhost:3000/in?next=/a%26b")
    page = open_page("mails")
    page.get_by_text("kay@example.com").click()
    link = page.get_by_role("link", name="http://localhost:3000/in")
    mail = hx.outbox[0]
    assert link.get_attribute("href") == mail.link
    assert page.get_by_text(mail.short_code or "?", exact=True).first.is_visible()
    client = hx.client_app()
    client.auth.sign_in_with_code(page.locator("#mails code", has_text=mail.code).inner_text())
    assert client.auth.get_access_token() is not None


HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def test_text_from_outside_stays_text(hx: RunningEmulator, open_page: Open) -> None:
    """In names, emails and paths; and a link that would run a script is none."""
    hx.server_app().call(create_user(display_name=HOSTILE))
    with hx.inner.transaction() as state:
        send_mail(state, hx.project.project_id, HOSTILE, HOSTILE, HOSTILE, HOSTILE, now=0, link="javascript:alert(3)")
    page = open_page("users")
    playwright.expect(page.locator("#users tbody")).to_contain_text(HOSTILE)
    page.get_by_role("link", name="Emails 1").click()
    page.locator("#mails summary").click()
    playwright.expect(page.locator("#mails .inside")).to_contain_text("javascript:alert(3)")
    assert page.locator("main img, main script, #mails a").count() == 0


def test_the_log_is_live_and_leaves_open_what_is_open(hx: RunningEmulator, open_page: Open) -> None:
    """New requests come without a reload; the one that is looked at stays as it is."""
    app = hx.server_app()
    app.call(create_user(display_name="Ada"))
    page = open_page()
    page.locator("#requests summary").first.click()
    playwright.expect(page.locator("#requests .inside")).to_contain_text('"display_name": "Ada"')
    app.call(list_users())
    playwright.expect(page.locator("#requests details")).to_have_count(2)
    assert page.locator("#requests details[open]").count() == 1
    assert page.locator("#requests .inside").is_visible()


def test_faults_are_ordered_from_the_form(hx: RunningEmulator, open_page: Open) -> None:
    """The next call fails as chosen; after removing the faults, calls succeed."""
    page = open_page("faults")
    page.get_by_label("Effect").select_option("503")
    page.get_by_label("Times").fill("2")
    page.get_by_label("Only paths that start with").fill("/api/v1/users")
    page.get_by_role("button", name="Add fault").click()
    playwright.expect(page.locator("#faults tbody")).to_contain_text("503")
    impatient = hx.server_app(retries=Retries(attempts=1))
    with pytest.raises(Exception, match="503"):
        impatient.call(list_users())
    page.get_by_role("button", name="Remove all faults").click()
    playwright.expect(page.locator("#faults tbody tr")).to_have_count(0)
    impatient.call(list_users())


def test_the_clock_moves_and_stops(hx: RunningEmulator, open_page: Open) -> None:
    """As set in the form."""
    page = open_page("faults")
    page.get_by_label("Seconds", exact=True).fill("86400")
    page.get_by_role("button", name="Advance").click()
    playwright.expect(page.get_by_role("status")).to_have_text("Clock moved.")
    assert hx.clock.millis() - time.time() * 1000 > 86_300_000
    page.get_by_role("button", name="Stop the clock").click()
    playwright.expect(page.get_by_role("button", name="Let the clock run")).to_be_visible()
    assert hx.clock.stands_still


def test_webhooks_show_their_attempts(hx: RunningEmulator, open_page: Open) -> None:
    """An endpoint is added by its URL; what it does not take says why."""
    page = open_page("webhooks")
    page.get_by_label("Deliver events to").fill("http://127.0.0.1:9/hooks")
    page.get_by_role("button", name="Add endpoint").click()
    playwright.expect(page.locator("[data-rows=endpoints]")).to_contain_text("http://127.0.0.1:9/hooks")
    hx.server_app().call(create_user())
    hx.wait_for_webhooks()
    page.get_by_text("user.created to").click()
    playwright.expect(page.locator("#webhooks .inside")).to_contain_text("ConnectionRefusedError")


def test_a_refusal_is_said(hx: RunningEmulator, open_page: Open) -> None:
    """The emulator's answer is shown on the page, not only in the console."""
    page = open_page("webhooks")
    page.get_by_label("Deliver events to").fill("ftp://example.com/")
    page.get_by_role("button", name="Add endpoint").click()
    playwright.expect(page.get_by_role("status")).to_contain_text("not a valid webhook URL")


def test_all_is_done_by_keyboard(hx: RunningEmulator, open_page: Open) -> None:
    """From the first key: skip link, sections, opening a request, reset with a way back."""
    hx.server_app().call(create_user())
    before = hx.project.project_id
    page = open_page()
    press = page.keyboard.press
    press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(3):
        press("Tab")
    assert page.evaluate("document.activeElement.id") == "reset"
    press("Enter")
    assert page.locator("#confirm-reset").is_visible()
    press("Enter")  # the focus is on the safe answer
    assert not page.locator("#confirm-reset").is_visible()
    press("Enter")
    press("Escape")
    assert not page.locator("#confirm-reset").is_visible()
    assert hx.project.project_id == before
    press("Enter")
    press("Tab")
    press("Enter")
    playwright.expect(page.get_by_role("status")).to_contain_text("was reset")
    assert hx.project.project_id != before
    press("Tab")
    press("Tab")
    press("Enter")
    playwright.expect(page.get_by_role("heading", level=2)).to_have_text("Users")


CONTRAST = """() => {
  const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const canvas = pixel.getContext("2d", { willReadFrequently: true });
  const luminance = (color) => {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((each) => each / 255)
      .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      if (color !== "rgba(0, 0, 0, 0)") return color;
    }
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const words = [...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    if (!words || !node.checkVisibility() || node.matches("option, .skip, :disabled, noscript, noscript *")) continue;
    const [dark, light] = [luminance(getComputedStyle(node).color), luminance(behind(node))].sort((a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) faint.push(`${node.outerHTML.slice(0, 80)}: ${ratio.toFixed(2)}`);
  }
  return faint;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(hx: RunningEmulator, open_page: Open, scheme: str) -> None:
    """Every text has a contrast of 4.5 or more in light and in dark, which are not the same."""
    hx.client_app().auth.sign_up_with_password(email="lin@example.com", password="correct horse battery")
    hx.client_app().auth.send_sign_in_code(email="kay@example.com", callback_url="http://localhost:3000/")
    hx.fail_next(500)
    with pytest.raises(Exception, match="500"):
        hx.server_app(retries=Retries(attempts=1)).call(list_users())
    page = open_page(color_scheme=scheme)
    for section in ("requests", "users", "teams", "sessions", "cli", "mails", "webhooks", "faults", "project"):
        page.locator(f"nav a[href='#{section}']").click()
        assert page.evaluate(CONTRAST) == []
    is_dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 27)"
    assert is_dark == (scheme == "dark")


def test_a_stopped_emulator_is_said(hx: RunningEmulator, open_page: Open) -> None:
    """Old figures are not presented as live ones."""
    page = open_page()
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('Failed to fetch')); }")
    playwright.expect(page.locator("#live")).to_have_text("The emulator does not answer")

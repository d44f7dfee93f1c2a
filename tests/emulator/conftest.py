import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hexclave import testing
from hexclave_emulator import Emulator
from tests.emulator.asking import Asker
from tests.emulator.performing import Cast


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    made = Emulator()
    yield made
    made.close()


@pytest.fixture
def ask(emulator: Emulator) -> Asker:
    return Asker(emulator)


@pytest.fixture
def cast(ask: Asker) -> Cast:
    return Cast(ask)


@pytest.fixture
def hx() -> Iterator[testing.RunningEmulator]:
    with testing.emulator() as running:
        yield running


# For a module at a time: until playwright stops, asyncio cannot run in this thread.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium; skips the test if it is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        # Without its sandbox, which a container cannot give it; it loads nothing but the emulator's page.
        running = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Any, hx: testing.RunningEmulator) -> Iterator[Callable[..., Any]]:
    """Opens the page; errors in the console fail the test, and so do requests to other hosts."""
    complaints: list[str] = []

    def opened(section: str = "", **options: Any) -> Any:
        context = browser.new_context(**options)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda sent: None if sent.url.startswith(hx.base_url) else complaints.append(sent.url))
        page.goto(f"{hx.base_url}/_emulator" + (f"#{section}" if section else ""))
        page.wait_for_selector("#live[data-live=true]")
        return page

    yield opened
    for context in browser.contexts:
        context.close()
    # A refused request is not an error of the page, which displays it.
    assert [each for each in complaints if not each.startswith(("data:", "Failed to load resource"))] == []

"""The built site in a real browser, at the widths of a desk and of a phone. Skipped where no Chromium is installed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs.site.__main__ import main

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)")

SAMPLE = ("users", "teams", "auth", "customer")
"""Pages of resources: they are all made alike."""
FINDINGS = """() => {
  const found = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`the page is ${wide} px wide`);
  for (const image of document.images) if (!image.naturalWidth) found.push(`no image: ${image.src}`);
  const headings = [...document.querySelectorAll('.md-content :is(h1, h2, h3, h4)')].map(each => each.innerText);
  headings.forEach((each, at) => { if (headings.indexOf(each) < at) found.push(`two headings: ${each}`); });
  const code = document.querySelector('.md-content pre > code');
  if (innerWidth > 1000 && code && code.scrollWidth > code.clientWidth)
    found.push(`the first snippet needs ${code.scrollWidth} px of ${code.clientWidth}`);
  return found;
}"""


def test_every_page_fits_a_desk_and_a_phone(tmp_path):
    """Built as `make docs` does. On a desk of 1300 px, no line of a page's first snippet is cut."""
    main(tmp_path)
    zensical = [str(Path(sys.executable).parent / "zensical"), "build", "--strict", "--config-file", "mkdocs.yml"]
    built = subprocess.run(zensical, cwd=tmp_path, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    site = tmp_path / "docs"
    assert (site / "llms.txt").exists()
    assert (site / "llms-full.txt").exists()
    pages = [*sorted(site.glob("*.html")), *sorted((site / "reference").glob("*.html"))]
    pages += [site / "reference" / "resources" / f"{name}.html" for name in SAMPLE]
    assert len(pages) > 40
    findings = []
    with playwright.sync_playwright() as driver:
        # Without its sandbox, which a container cannot give it; it loads nothing but files of the site.
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(java_script_enabled=False)  # which only searches and highlights, and takes time
        for each in pages:
            page.set_viewport_size({"width": 1300, "height": 900})
            page.goto(each.as_uri(), wait_until="load")
            for width in (1300, 390):
                page.set_viewport_size({"width": width, "height": 900})
                findings += [f"{each.relative_to(site)} at {width} px: {line}" for line in page.evaluate(FINDINGS)]
        browser.close()
    assert "\n".join(findings) == ""

"""Benchmarks of parsing pages into models, and of memory use while iterating over a million users.

python -m benchmarks.pages
"""

import functools
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.rows import Row, ratios, spread, timed
from benchmarks.server import page, serving
from benchmarks.worker import KEY, PROJECT
from hexclave import HexclaveServerApp
from hexclave._messages import Reply
from hexclave_api.operations.users import list_users

DESCRIPTION = Path(__file__).parent.parent / "spec" / "openapi.yaml"
USERS = 1_000_000


def rows(url: str) -> Iterator[Row]:
    content = json.dumps(page()).encode()
    parse = list_users(limit=100).parse
    with tempfile.TemporaryDirectory() as folder:
        stock = _stock_model(folder)
        plain, quick = functools.partial(json.loads, content), Reply(200, {}, content).json
        for _ in range(20):
            quick()  # msgspec is imported after some megabytes.
        for kind, decode, target in (("", plain, 0.42), (", with msgspec", quick, 0.22)):
            values = ratios(
                timed(lambda decode=decode: parse(decode()), 20),
                timed(lambda: stock.from_dict(json.loads(content)), 20),
                rounds=25,
            )
            what = f"parsing a page of 100 users into models{kind}"
            against = "the models of unmodified openapi-python-client"
            yield Row(what, against, *spread(values), target=target)
    values = spread([_growth(url)])
    yield Row(f"memory growth over {USERS:,} users", "after the first 1,000", *values, target=5.0, unit="MB")


def _stock_model(folder: str) -> type:
    """Return the page model that openapi-python-client renders from the same document without our templates."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = ["openapi-python-client", "generate", "--path", str(DESCRIPTION), "--meta", "none"]
    target = ["--output-path", f"{folder}/stock_client"]
    subprocess.run([*command, *target], env=environment, check=True, capture_output=True)
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("stock_client.models.server_user_page").ServerUserPage
    finally:
        sys.path.remove(folder)


def _growth(url: str) -> float:
    with HexclaveServerApp(PROJECT, KEY, base_url=url) as app:
        before = 0.0
        for number, _ in enumerate(app.users.list(limit=100), 1):
            if number == 1_000:
                before = _resident()
            if number == USERS:
                break
        return _resident() - before


def _resident() -> float:
    """Return the resident memory in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    with serving() as url:
        for row in rows(url):
            print(row)

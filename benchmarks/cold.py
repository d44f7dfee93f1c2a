"""Benchmarks of a fresh process: imports, the first call, and resident memory. CPU time is measured above bare Python.

python -m benchmarks.cold
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import certifi
import trustme

from benchmarks.rows import Row, spread
from benchmarks.server import serving
from benchmarks.worker import KEY, PROJECT, USER

ROUNDS = 11
# If rich and pygments are installed, httpx loads them for its command line; most programs do not have them.
_WITHOUT_COMMAND_LINE = "import sys; sys.modules['click'] = None\n"
_USAGE = """
import os, resource
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, open("/proc/self/statm").read().split()[1])
"""


class Cost(NamedTuple):
    """Resources used by a process."""

    cpu: float
    """Seconds."""
    memory: float
    """Pages."""
    wall: float
    """Seconds."""


def rows(url: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        chain, packages = _certificates(Path(folder))
        with serving(chain) as secure_url:
            programs = {"python": "pass", "import httpx": "import httpx", "import hexclave": "import hexclave"}
            for kind, address in (("plain", url), ("tls", secure_url)):
                programs[f"httpx {kind}"] = (
                    f"import httpx\nclient = httpx.Client()\nclient.get({f'{address}/api/v1/users/{USER}'!r}).json()"
                )
                programs[f"hexclave {kind}"] = (
                    f"import hexclave\napp = hexclave.HexclaveServerApp({PROJECT!r}, {KEY!r}, base_url={address!r})\n"
                    f"app.users.get({USER!r})"
                )
            environment = os.environ | {"PYTHONPYCACHEPREFIX": f"{folder}/compiled", "PYTHONPATH": str(packages)}
            for name in ("PYTHONDONTWRITEBYTECODE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
                environment.pop(name, None)
            rounds = [{name: _run(program, environment) for name, program in programs.items()} for _ in range(ROUNDS)]
    del rounds[0]  # The first round compiles the bytecode.

    def cpu(ours: str, theirs: str) -> tuple[float, float, float]:
        return spread(
            (costs[ours].cpu - costs["python"].cpu) / (costs[theirs].cpu - costs["python"].cpu) for costs in rounds
        )

    same = "the same with bare httpx"
    yield Row("`import hexclave`", "`import httpx`", *cpu("import hexclave", "import httpx"), target=0.60)
    what = "import, app and first call over"
    yield Row(f"{what} plain http", same, *cpu("hexclave plain", "httpx plain"), target=0.45)
    yield Row(f"{what} TLS", same, *cpu("hexclave tls", "httpx tls"), target=0.6)
    values = [costs["hexclave plain"].wall / costs["httpx plain"].wall for costs in rounds]
    yield Row("a whole process with one call, wall time", same, *spread(values))
    values = [costs["hexclave plain"].memory / costs["httpx plain"].memory for costs in rounds]
    yield Row("resident memory after the first call", same, *spread(values), target=0.70)


def _certificates(folder: Path) -> tuple[Path, Path]:
    """Return the file with the server's key and certificate, and a folder with a certifi that trusts its issuer."""
    ca, chain, packages = trustme.CA(), folder / "server.pem", folder / "packages"
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(chain))
    copy = shutil.copytree(Path(certifi.__file__).parent, packages / "certifi")
    with (copy / "cacert.pem").open("ab") as trusted:
        trusted.write(ca.cert_pem.bytes())
    return chain, packages


def _run(program: str, environment: dict[str, str]) -> Cost:
    command = [sys.executable, "-c", f"{_WITHOUT_COMMAND_LINE}{program}\n{_USAGE}"]
    started = time.perf_counter()
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()
    return Cost(float(printed[0]), float(printed[1]), time.perf_counter() - started)


if __name__ == "__main__":
    with serving() as url:
        for row in rows(url):
            print(row)

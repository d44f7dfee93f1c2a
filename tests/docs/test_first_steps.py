"""docs/first-steps.md, followed as a newcomer would: files saved, commands typed, output compared."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "first-steps.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|python|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"Save\s+this\s+as\s+`(\w+\.py)`")
PORTS = {"8102": None, "8000": None}
"""Those of the page, each replaced by a free one."""


def free_port():
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return str(chosen.getsockname()[1])


class Newcomer:
    def __init__(self, folder):
        self.folder = folder
        self.ports = {port: free_port() for port in PORTS}
        self.environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        self.started = []

    def with_ports(self, text):
        for port, free in self.ports.items():
            text = text.replace(port, free)
        return text

    def type(self, command):
        done = subprocess.run(
            ["bash", "-ec", self.with_ports(command)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    def start(self, command):
        process = subprocess.Popen(
            self.with_ports(command).split(),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def paste_exports(self, emulator):
        for line in iter(emulator.stdout.readline, ""):
            if match := re.fullmatch(r"export (\w+)=(\S+)\n", line):
                self.environment[match[1]] = match[2]
            elif "HEXCLAVE_SUPER_SECRET_ADMIN_KEY" in self.environment:
                return

    def wait_for(self, port):
        for _ in range(200):
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", int(self.ports[port]))) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"nothing listens on the port that the page calls {port}")

    def leave(self):
        for process in self.started:
            process.send_signal(signal.SIGINT)
            process.wait(20)
            process.stdout.close()


@pytest.fixture
def newcomer(tmp_path):
    newcomer = Newcomer(tmp_path)
    for name in list(newcomer.environment):
        if name.startswith(("HEXCLAVE_", "STACK_", "PYTEST_")):
            del newcomer.environment[name]
    yield newcomer
    newcomer.leave()


def test_the_page_leads_to_a_protected_app(newcomer):
    shown = saved = compared = 0
    output = ""
    for match in BLOCK.finditer(PAGE):
        kind, text = match.groups()
        if kind == "python":
            (name,) = FILE.findall(PAGE[: match.start()])[saved:]
            (newcomer.folder / name).write_text(newcomer.with_ports(text), encoding="utf-8")
            saved += 1
        elif kind == "text":
            parts = map(re.escape, newcomer.with_ports(text).split("…"))
            assert re.search(".*".join(parts), output + "\n"), (text, output)
            compared += 1
        elif "pip install" in text:
            assert "'hexclave[emulator]' fastapi httpx2 pytest" in text
        elif text.startswith("hexclave-emulator"):
            newcomer.paste_exports(newcomer.start(f"{text.strip()} --port 8102"))
        elif text.startswith("uvicorn"):
            newcomer.start(text.rstrip().removesuffix("&"))
            newcomer.wait_for("8000")
        else:
            status, output, errors = newcomer.type(text)
            assert status == 0, output + errors
            shown += 1
    assert (saved, shown, compared) == (4, 4, 4)
    status, _, errors = newcomer.type("python create_user.py")
    assert status == 1
    assert "UserWithEmailAlreadyExists" in errors

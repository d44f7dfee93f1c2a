"""Draw docs/command-line.svg, a session in a terminal, recorded with the emulator: python -m docs.command_line"""

import io
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

import pexpect
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from hexclave.testing import emulator

DRAWING = Path(__file__).with_name("command-line.svg")
WIDTH = 100
SESSION = (
    "hexclave-py users create --primary-email ada@example.com --display-name 'Ada Lovelace' > ada.json",
    "hexclave-py users list --limit 2",
    "hexclave-py users update 00000000-0000-4000-8000-00000000dead --display-name Ada",
    "echo 'correct horse battery' | hexclave-py users create --password - --dry-run",
    "hexclave-py users list --all | wc -l",
    "hexclave-py doctor",
)
PORT = re.compile(r"127\.0\.0\.1:\d+")
FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def main() -> None:
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    with emulator() as hx, tempfile.TemporaryDirectory() as folder:
        app = hx.server_app()
        for name in ("Grace Hopper", "Lin Chen"):
            app.users.create(display_name=name, primary_email=f"{name.split()[0].lower()}@example.com")
        env = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": folder,
            **hx.environment(),
        }
        for command in SESSION:
            console.print(Text.assemble(("$ ", "bold green"), command))
            output, _ = pexpect.run(
                f"bash -c {shlex.quote(command)}",
                env=env,
                withexitstatus=True,
                encoding="utf-8",
                timeout=60,
                cwd=folder,
            )
            console.print(Text.from_ansi(PORT.sub("127.0.0.1:8102", output.replace("\r\n", "\n"))))
    drawing = console.export_svg(title="hexclave-py", theme=MONOKAI, unique_id="session")
    # The fonts come from another host; whoever looks at the drawing has one with fixed widths.
    DRAWING.write_text(FONTS.sub("", drawing) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

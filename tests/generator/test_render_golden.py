"""One small description and its complete rendering, to read and to compare.

After an intended change, run `python -m tests.generator.test_render_golden` and review the difference.
"""

import shutil
import tempfile
from pathlib import Path

from generator.rendering import runtime
from generator.rendering.render import render

GOLDEN = Path(__file__).parent / "golden"
NOT_OURS = {
    "MANIFEST",
    "py.typed",
    *(path.name for path in Path(runtime.__file__).parent.glob("[a-z]*.py")),
}
"""The same for every description."""


def contents(package: Path) -> dict[str, str]:
    paths = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    return {name: path.read_text("utf-8") for name, path in sorted(paths.items()) if name not in NOT_OURS}


def test_the_description_renders_what_it_did(tmp_path: Path) -> None:
    render(GOLDEN / "openapi.yaml", tmp_path / "client")
    assert contents(tmp_path / "client") == contents(GOLDEN / "client")


def renew() -> None:
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "client"
        render(GOLDEN / "openapi.yaml", package)
        shutil.rmtree(GOLDEN / "client", ignore_errors=True)
        for name, text in contents(package).items():
            (GOLDEN / "client" / name).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / "client" / name).write_text(text, "utf-8")


if __name__ == "__main__":
    renew()

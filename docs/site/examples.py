"""A page with the programs in examples/, for readers who have no checkout."""

import ast
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "examples"
FIRST = ("fastapi_app", "test_fastapi_app", "django_app", "import_users", "cli_login", "async_job")


def names() -> list[str]:
    """Return the names of the programs, without `.py`, in the order of the page."""
    return [*FIRST, *sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in FIRST)]


def page() -> str:
    """Return the Markdown of the page: the words and the code of each program."""
    parts = ["# Examples", "", "Whole programs. The tests of this project run all of them against the emulator.", ""]
    for name in names():
        source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        words = ast.get_docstring(ast.parse(source)) or ""
        code = source.partition('"""\n\n')[2]
        parts += [f"## {name}.py {{#{name}}}", "", words, "", "```python", code.rstrip("\n"), "```", ""]
    return "\n".join(parts)

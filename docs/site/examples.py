"""A page with the programs in examples/, for readers who have no checkout."""

import ast
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "examples"
FIRST = ("fastapi_app", "test_fastapi_app", "django_app", "import_users", "cli_login", "async_job")


def page() -> str:
    """Return the Markdown of the page: the words and the code of each program."""
    others = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in FIRST)
    parts = ["# Examples", "", "Whole programs. The tests of this project run all of them against the emulator.", ""]
    for name in (*FIRST, *others):
        source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        words = ast.get_docstring(ast.parse(source)) or ""
        code = source.partition('"""\n\n')[2]
        parts += [f"## {name}.py {{#{name}}}", "", words, "", "```python", code.rstrip("\n"), "```", ""]
    return "\n".join(parts)

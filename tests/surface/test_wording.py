"""Wording of docstrings and comments, as CONTRIBUTING.md requires."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("hexclave", "generated", "generator", "emulator", "tests", "benchmarks", "examples")

OPENING = re.compile(r"(What|Who|Whose|Whom|Whether|How|Where|Which|Why)\b")
WORD = re.compile(r"\b(e-mails?|nobody|whoever|thrice|betray\w*|told|handed|under way|no good)\b", re.IGNORECASE)
COMMENT = re.compile(r"(?:^|\s\s)# (.*)", re.MULTILINE)


@cache
def sources(folder: str) -> dict[str, str]:
    paths = sorted(path for path in (ROOT / folder).rglob("*.py") if path != Path(__file__))
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in paths}


def docstrings(source: str) -> Iterator[str]:
    """Yield the docstrings of modules, classes, functions and attributes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in node.body:
                match statement:
                    case ast.Expr(ast.Constant(str(text))):
                        yield text


@pytest.mark.parametrize("folder", SOURCES)
def test_docstrings_begin_with_a_verb_or_a_noun_and_use_the_usual_words(folder: str) -> None:
    wrong = [
        f"{path}: {text.splitlines()[0]}"
        for path, source in sources(folder).items()
        for text in docstrings(source)
        if OPENING.match(text) or WORD.search(text)
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", SOURCES)
def test_comments_use_the_usual_words(folder: str) -> None:
    comments = [(path, text) for path, source in sources(folder).items() for text in COMMENT.findall(source)]
    assert [f"{path}: {text}" for path, text in comments if WORD.search(text)] == []

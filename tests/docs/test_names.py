"""Every name that the skill and `llms.txt` mention exists: modules, classes, methods, arguments, variables."""

import ast
import builtins
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import hexclave
from docs.site.__main__ import main
from docs.site.reference import APPS
from hexclave.testing import RunningEmulator

ROOT = Path(__file__).parents[2]
SKILL = ROOT / "skills" / "hexclave" / "SKILL.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
RECEIVERS = {
    "hexclave_emulator",
    "app",
    "client",
    "server",
    "admin",
    "hexclave_client_app",
    "hexclave_server_app",
    "hexclave_admin_app",
}


def modules():
    for package in ("hexclave", "hexclave.integrations", "hexclave_api"):
        yield package
        for found in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            if not found.name.rpartition(".")[2].startswith("_"):
                yield found.name


MODULES = {name: importlib.import_module(name) for name in modules()}


def named(dotted):
    """Return the value of `hexclave.a.b`, or None."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            found = getattr(found, part, None)
        return found
    return None


def on_apps(path):
    """Return `users.list` of each app that has it, or of the emulator of a test."""
    for each in [*APPS.values(), RunningEmulator]:
        found = each
        for part in path.split("."):
            found = getattr(found, part, None)
        if found is not None:
            yield found


def accepts(function, argument):
    parameters = inspect.signature(function).parameters
    options = hexclave.options.AppOptions.__annotations__
    takes_options = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    return argument in parameters or (takes_options and argument in options)


def unknown_in_code(source):
    """The names of a program that do not exist."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hexclave"):
            yield from (each.name for each in node.names if named(f"{node.module}.{each.name}") is None)
        if isinstance(node, ast.Call) and (called := ast.unparse(node.func)):
            yield from (f"{called}({name}=)" for name in unknown_arguments(called, node.keywords))
        if isinstance(node, ast.Attribute):
            yield from unknown_names(ast.unparse(node))


def unknown_arguments(called, keywords):
    root, _, path = called.partition(".")
    found = list(on_apps(path)) if root in RECEIVERS else [named(called)] if root.startswith("hexclave") else []
    for keyword in keywords:
        if found and not any(callable(each) and accepts(each, keyword.arg) for each in found):
            yield keyword.arg


def unknown_names(dotted):
    """The dotted name, if it begins like one of ours and leads nowhere."""
    root, _, path = dotted.partition(".")
    if root in RECEIVERS and re.fullmatch(r"[\w.]+", path) and not list(on_apps(path)):
        yield dotted
    if re.fullmatch(r"hexclave(_api)?(\.[\w.]+)?", dotted) and named(dotted) is None:
        yield dotted


def unknown_in_words(span):
    """The names between backticks that do not exist."""
    text = span.replace("…", "...")
    if re.fullmatch(r"(HEXCLAVE|STACK)_\w+", text):
        if f'"{text}"' not in inspect.getsource(RunningEmulator.environment):
            yield text
    elif re.fullmatch(r"[A-Z]\w+", text):
        homes = [*MODULES.values(), hexclave.errors, hexclave.models, builtins]
        if not any(hasattr(home, text) for home in homes):
            yield text
    elif match := re.fullmatch(r"(\w+)=(\w+)", text):
        if not any(accepts(each, match[1]) for each in callables()):
            yield text
    elif re.fullmatch(r"(await |async for \w+ in )?[\w.]+(\(.*\))?", text) and "." in text:
        yield from unknown_in_code(text if not text.startswith("async") else text.rpartition(" in ")[2])
    elif text.startswith("pip install "):
        extras = re.findall(r"\[(\w+)\]", text)
        yield from (each for each in extras if f"\n{each} = [" not in (ROOT / "pyproject.toml").read_text("utf-8"))


def callables():
    """Every method of every app, and every public function."""
    for app in APPS.values():
        for _, resource in inspect.getmembers(type(app), lambda each: isinstance(each, property)):
            kind = inspect.signature(resource.fget).return_annotation
            if inspect.isclass(kind):
                yield from (each for _, each in inspect.getmembers(kind, inspect.isfunction))
        yield from (each for _, each in inspect.getmembers(type(app), inspect.isfunction))
    for module in MODULES.values():
        yield from (each for _, each in inspect.getmembers(module, inspect.isfunction))


def unknown(text):
    for kind, source in BLOCK.findall(text):
        if kind == "python":
            yield from unknown_in_code(source)
    for span in INLINE.findall(BLOCK.sub("", text)):
        yield from unknown_in_words(span)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    main(folder)
    return folder / "pages"


def test_every_name_of_the_skill_exists():
    assert list(unknown(SKILL.read_text("utf-8"))) == []


def test_every_name_of_the_index_exists(site):
    assert list(unknown((site / "llms.txt").read_text("utf-8"))) == []


def test_every_link_of_the_index_leads_to_a_page_of_the_site(site):
    links = re.findall(r"\]\(([^)]+)\)", (site / "llms.txt").read_text("utf-8"))
    assert len(links) > 60
    assert [link for link in links if not (site / link.replace(".html", ".md")).exists()] == []


def test_the_pages_in_one_file_have_every_method(site):
    """And arguments as Python code, not as HTML."""
    text = (site / "llms-full.txt").read_text("utf-8")
    assert "    primary_email: str | None = left out,\n" in text
    assert 'class="signature"' not in text
    assert "# First steps" in text
    assert "# Contributing" not in text


def test_the_skill_fits_2000_tokens():
    """Counted generously: tokenizers need about 3.8 characters for each token of such a text."""
    text = SKILL.read_text("utf-8")
    assert len(text) / 3.5 < 2000
    front = re.match(r"---\nname: ([a-z-]+)\ndescription: (.{50,1024})\n---\n", text)
    assert front is not None
    assert front[1] == SKILL.parent.name


@pytest.mark.parametrize(
    "text",
    [
        "`app.users.lits`",
        "`hexclave.errors.UserNotFoud`",
        "`HexclaveServerAp`",
        "`allow_anonymus=True`",
        "`HEXCLAVE_PROJECT`",
        "`pip install 'hexclave[emulater]'`",
        "`await app.users.fetch(user_id)`",
        "```python\nfrom hexclave.verify import SignedUp\n```\n",
        "```python\napp.users.list(ordered_by='signed_up_at')\n```\n",
        "```python\nhexclave.HexclaveServerApp(time_out=3)\n```\n",
        "```python\nhexclave.Retrys()\n```\n",
    ],
)
def test_a_wrong_name_is_found(text):
    assert list(unknown(text)) != []

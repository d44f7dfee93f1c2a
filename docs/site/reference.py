"""Reference pages, written from the live objects."""

import ast
import html
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

import hexclave
import hexclave_api.inputs as inputs
from docs.site.signatures import LEFT_OUT, signature_of
from hexclave import errors, models, tokens
from hexclave.options import AppOptions

APPS = {
    "client": hexclave.HexclaveClientApp("project-1", "pck_not_a_real_key", base_url="https://api.example.com"),
    "server": hexclave.HexclaveServerApp("project-1", "ssk_not_a_real_key", base_url="https://api.example.com"),
    "admin": hexclave.HexclaveAdminApp("project-1", "sak_not_a_real_key", base_url="https://api.example.com"),
}
ROOMS = {
    "sessions": ("Tokens and stores", "hexclave.tokens"),
    "verify": ("Request authentication", "hexclave.verify"),
    "webhooks": ("Webhooks", "hexclave.webhooks"),
    "opentelemetry": ("OpenTelemetry", "hexclave.integrations.opentelemetry"),
    "testing": ("Testing", "hexclave.testing"),
}
LEGEND = f"An argument whose default is *{LEFT_OUT}* is sent only if you pass it. `None` clears a field."


@attrs.frozen
class Page:
    path: str
    title: str
    text: str


def reference() -> Iterator[Page]:
    """Yield all pages, those of the resources last."""
    for page in _pages():
        if f"= {LEFT_OUT}" in page.text:
            before, _, after = page.text.partition("\n## ")
            page = attrs.evolve(page, text=f"{before}\n{LEGEND}\n\n## {after}")
        yield page


def _values() -> Iterator[type]:
    """Yield the public classes of the package itself that have no page of their own."""
    elsewhere = {
        *tokens.__all__,
        "Unset",
        *(f"{mode}{type(app).__name__}" for app in APPS.values() for mode in ("", "Async")),
    }
    for name in hexclave.__all__:
        kind = getattr(hexclave, name)
        if name not in elsewhere and inspect.isclass(kind) and not issubclass(kind, BaseException):
            yield kind


def _pages() -> Iterator[Page]:
    yield _apps()
    yield _objects("options", "Options and values", list(_values()))
    lists = [importlib.import_module("hexclave.pagination"), importlib.import_module("hexclave.bulk")]
    streams = [getattr(lists[0], name) for name in ("Page", "AsyncPages", "AsyncPage")]
    outcomes = [getattr(lists[1], name) for name in lists[1].__all__]
    yield _objects("lists", "Pages and outcomes", streams + list(filter(inspect.isclass, outcomes)))
    yield _errors()
    yield _records("models", "Models", "The API's replies.", [getattr(models, name) for name in dir(models)])
    yield _records("inputs", "Inputs", "Dictionaries that you pass as arguments.", list(vars(inputs).values()))
    for path, (title, name) in ROOMS.items():
        module = importlib.import_module(name)
        yield _objects(path, title, [getattr(module, each) for each in module.__all__], module)
    yield from _resources()


# -- resources


def _resources() -> Iterator[Page]:
    """Yield a page per module of resources, with its classes and the attributes of the apps that return them."""
    found: dict[type, dict[str, list[str]]] = {}
    for access, app in APPS.items():
        for where, kind in _reachable(app, "app"):
            found.setdefault(kind, {}).setdefault(where, []).append(access)
    modules: dict[str, list[type]] = {}
    for kind in found:
        modules.setdefault(kind.__module__.rpartition(".")[2], []).append(kind)
    for name, kinds in sorted(modules.items()):
        apps = {kind: _apps_of(found[kind]) if len(kinds) > 1 else "" for kind in kinds}
        parts = [f"# {_title(name)}", ""]
        for kind in kinds:
            places = [f"`{where}` ({', '.join(accesses)})" for where, accesses in found[kind].items()]
            parts += [f"{' and '.join(places)}: {_words(kind)}", ""]
        parts += _methods(apps)
        yield Page(f"reference/resources/{name}.md", _title(name), "\n".join(parts))


def _apps_of(places: dict[str, list[str]]) -> str:
    accesses = sorted({access for each in places.values() for access in each}, key=list(APPS).index)
    return f"In {' and '.join(accesses)} apps:"


def _reachable(owner: Any, path: str) -> Iterator[tuple[str, type]]:
    for name, value in _members(type(owner)):
        if isinstance(value, property):
            inner = getattr(owner, name)
            if _is_resource(type(inner)):
                yield f"{path}.{name}", type(inner)
                yield from _reachable(inner, f"{path}.{name}")
        elif inspect.isfunction(value) and _is_resource(kind := inspect.signature(value).return_annotation):
            (argument,) = list(inspect.signature(value).parameters)[1:]
            yield f"{path}.{name}({argument})", kind


def _is_resource(kind: Any) -> bool:
    module = kind.__module__ if inspect.isclass(kind) else ""
    return module.startswith(("hexclave.resources.", "hexclave_api.resources."))


def _methods(apps: dict[type, str]) -> Iterator[str]:
    """Yield a section per name of a method, with the methods of all classes that have one of this name."""
    sections: dict[str, list[str]] = {}
    for kind, where in apps.items():
        for name, value in _members(kind):
            if inspect.isfunction(value) and not _is_resource(inspect.signature(value).return_annotation):
                lines = [*([where, ""] if where else []), *_code(signature_of(name, value)), _words(value), ""]
                sections.setdefault(name, []).extend(lines)
    for name, lines in sections.items():
        yield from [f"## {name}", "", *lines]


def _title(name: str) -> str:
    return {"me": "The signed-in user", "auth": "Sign-in", "api_keys": "API keys", "ai_chats": "AI chats"}.get(
        name, name.replace("_", " ").capitalize().replace("api", "API").replace("Oauth", "OAuth")
    )


# -- everything else


def _apps() -> Page:
    parts = [
        "# Apps",
        "",
        "Each has an async counterpart, such as `AsyncHexclaveServerApp` for `HexclaveServerApp`.",
        "",
    ]
    for access, app in APPS.items():
        kind = type(app)
        parts += [f"## {kind.__name__}", "", *_code(signature_of(kind.__name__, kind)), _words(kind), ""]
        parts += ["| | |", "|---|---|"]
        for name, value in _members(kind):
            if isinstance(value, property) and _is_resource(type(inner := getattr(app, name))):
                page = type(inner).__module__.rpartition(".")[2]
                parts.append(f"| [`app.{name}`](resources/{page}.md) | {_words(value)} |")
        parts.append("")
        if access == "server":
            parts += ["### Methods of all apps", ""]
            for name, value in _members(kind):
                if inspect.isfunction(value):
                    parts += [f"#### {name}", "", *_code(signature_of(name, value)), _words(value), ""]
    parts += ["## AppOptions", "", "Keyword arguments of all apps.", "", _words(AppOptions), ""]
    parts += _fields(AppOptions)
    return Page("reference/apps.md", "Apps", "\n".join(parts))


def _objects(path: str, title: str, objects: list[Any], module: Any = None) -> Page:
    words = _words(module) if module else f"The classes {', '.join(f'`{each.__name__}`' for each in objects)}."
    parts = [f"# {title}", "", words, ""]
    for each in objects:
        if inspect.isclass(each):
            parts += [f"## {each.__name__}", "", *_code(_constructed(each)), _words(each), "", *_fields(each)]
            for name, value in _members(each, documented=[*objects, errors.HexclaveError]):
                if inspect.isfunction(value) or isinstance(value, classmethod | property):
                    parts += [f"### {each.__name__}.{name}", "", *_member_code(name, value), _words(value), ""]
        elif callable(each):
            parts += [f"## {each.__name__}", "", *_code(signature_of(each.__name__, each)), _words(each), ""]
    return Page(f"reference/{path}.md", title, "\n".join(parts))


def _records(path: str, title: str, words: str, found: list[Any]) -> Page:
    """Return a page of classes that have only fields."""
    parts = [f"# {title}", "", words, ""]
    for each in found:
        if inspect.isclass(each) and each.__module__.startswith("hexclave_api.") and (fields := _fields(each)):
            times = [name for name, value in vars(each).items() if isinstance(value, property)]
            more = [f"Also as `datetime`: {', '.join(f'`{name}`' for name in times)}.", ""] if times else []
            parts += [f"## {each.__name__}", "", _words(each), "", *fields, *more]
    return Page(f"reference/{path}.md", title, "\n".join(parts))


def _errors() -> Page:
    kinds = [getattr(errors, name) for name in errors.__all__]  # loads all classes, which the tree needs
    parts = ["# Errors", "", "Catching a class also catches its subclasses. See [the guide](../errors.md).", ""]
    parts += ["```text", *_tree(errors.HexclaveError, 0, set()), "```", "", "| class | code | |", "|---|---|---|"]
    for name, kind in zip(errors.__all__, kinds, strict=True):
        if inspect.isclass(kind) and issubclass(kind, BaseException):
            code = kind.__dict__.get("code")
            shown = f"`{code}`" if isinstance(code, str) and code else ""
            words = " ".join(_words(kind).split())
            parts.append(f'| <span id="{name.lower()}">`{name}`</span> | {shown} | {words} |')
    return Page("reference/errors.md", "Errors", "\n".join(parts))


def _tree(kind: type, depth: int, seen: set[type]) -> Iterator[str]:
    yield "  " * depth + kind.__name__
    for each in sorted(kind.__subclasses__(), key=lambda each: each.__name__):
        if each.__module__.startswith("hexclave") and each.__name__ in errors.__all__ and each not in seen:
            seen.add(each)
            yield from _tree(each, depth + 1, seen)


def _constructed(kind: type) -> str:
    try:
        return signature_of(kind.__name__, kind)
    except ValueError:
        return kind.__name__


def _member_code(name: str, value: Any) -> list[str]:
    if isinstance(value, property):
        returned = inspect.signature(value.fget).return_annotation if value.fget else inspect.Signature.empty
        shown = signature_of(name, value.fget).partition(") -> ")[2] if value.fget else ""
        return _code(f"{name}: {shown}" if returned is not inspect.Signature.empty and shown else name)
    return _code(signature_of(name, value.__func__ if isinstance(value, classmethod) else value))


def _fields(kind: type) -> list[str]:
    """Return a table of fields, with their docstrings, which exist only in the source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):
        return []
    body, rows = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else [], []
    for field, below in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.target.id[0] != "_":
            words = ""
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                words = " ".join(str(below.value.value).split())
            shown = ast.unparse(field.annotation).strip("'")
            # In a table, a bar ends the cell even inside backticks.
            shown = html.escape(shown).replace("|", "&#124;")
            rows.append(f"| `{field.target.id}` | <code>{shown}</code> | {words} |")
    return ["| field | type | |", "|---|---|---|", *rows, ""] if rows else []


# -- words


def _members(kind: type, documented: Sequence[Any] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the public members of the class, then those inherited from classes that are not `documented` elsewhere."""
    seen: set[str] = set()
    for base in kind.__mro__:
        if base.__module__.startswith("hexclave") and (base is kind or base not in documented):
            for name, value in vars(base).items():
                if not name.startswith("_") and name not in seen:
                    seen.add(name)
                    yield name, value


def _code(text: str) -> list[str]:
    return ["```python", text, "```", ""]


def _words(thing: Any) -> str:
    """Return the docstring as Markdown, with its sections as lists."""
    lines = inspect.cleandoc(getattr(thing, "__doc__", None) or "").splitlines()
    text, section = [], ""
    for line in lines:
        if match := re.fullmatch(r"(Args|Raises|Attributes|Returns):", line):
            section = match[1]
            text += [f"**{'Arguments' if section == 'Args' else section}**", ""]
        elif section and (match := re.fullmatch(r" {4}(\*{0,2}\w+): (.*)", line)):
            text.append(f"- `{match[1]}`: {match[2]}")
        elif section and line.startswith("     "):
            text[-1] += f" {line.strip()}"
        else:
            section = section if not line else ""
            text.append(line)
    return "\n".join(text)

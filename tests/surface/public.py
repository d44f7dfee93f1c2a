"""The public surface as text, one name a line, so that a review sees what a change adds, renames or removes.

make surface rewrites tests/surface/public.txt.

Types are omitted: the tests in `typed_*.py` cover them. Models follow the API, and `python -m generator diff` compares
them.
"""

import inspect
import pkgutil
import typing
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from types import ModuleType

import hexclave
from hexclave_api.value import Value
from tests.surface.members import members

SNAPSHOT = Path(__file__).with_name("public.txt")
APPS = {
    "client": hexclave.HexclaveClientApp("project-1", "pck_not_a_real_key", base_url="https://api.example.com"),
    "server": hexclave.HexclaveServerApp("project-1", "ssk_not_a_real_key", base_url="https://api.example.com"),
    "admin": hexclave.HexclaveAdminApp("project-1", "sak_not_a_real_key", base_url="https://api.example.com"),
}

_NEEDS_A_PROJECT = "hexclave.integrations.django.backends"
"""Imports models of Django, which exist only in a configured project; tests/sign_in/test_django_admin.py uses it."""


def modules() -> Iterator[ModuleType]:
    """Yield each public module, and last the package itself; classes of resources are reached only through the apps."""
    for found in pkgutil.walk_packages(hexclave.__path__, "hexclave."):
        parts = found.name.split(".")
        if (
            found.name != _NEEDS_A_PROJECT
            and parts[1] != "resources"
            and not any(part.startswith("_") for part in parts)
        ):
            module = import_module(found.name)
            if not found.ispkg or hasattr(module, "__all__"):
                yield module
    yield hexclave


def surface() -> str:
    lines: list[str] = []
    described: set[int] = set()
    for module in modules():
        if module.__name__ == "hexclave.models":
            continue
        for name in module.__all__:
            value = getattr(module, name)
            # Re-exported names are listed in the module that defines them.
            known = id(value) in described and (inspect.isclass(value) or inspect.isfunction(value))
            described.add(id(value))
            lines += [f"{module.__name__}: {line}" for line in ([name] if known else _described(module, name))]
    accesses: dict[str, list[str]] = {}
    for access, app in APPS.items():
        for path, _ in members(app):
            method = eval(f"app.{path}".replace("(…)", "('x')"), {"app": app})
            accesses.setdefault(f"app.{path}{_parameters(method)}", []).append(access)
    lines += [f"{line}  # {', '.join(found)}" for line, found in sorted(accesses.items())]
    return "\n".join(lines) + "\n"


def _described(module: ModuleType, name: str) -> Iterator[str]:
    value = getattr(module, name)
    if inspect.isclass(value):
        base = value.__bases__[0].__name__
        yield (
            f"class {name}({base})"
            if issubclass(value, Exception)
            else f"class {name}{'' if issubclass(value, Enum) else _parameters(value)}"
        )
        if typing.is_typeddict(value):
            yield from (f"{name}[{key!r}]" for key in sorted(value.__annotations__))
        declared = vars(value).get("__annotations__", {}) if issubclass(value, Value) else {}
        inherited = {member for parent in value.__mro__[1:] for member in vars(parent)}
        for member in sorted({*vars(value), *declared} - inherited):
            if not member.startswith("_"):
                attribute = inspect.getattr_static(value, member, None)
                function = getattr(attribute, "__func__", attribute)
                yield f"{name}.{member}{_parameters(function) if inspect.isfunction(function) else ''}"
    elif inspect.isfunction(value):
        yield f"{name}{_parameters(value)}"
    else:
        yield name


def _parameters(described: object) -> str:
    try:
        signature = inspect.signature(described)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return ""
    bare = [
        each.replace(annotation=inspect.Parameter.empty, default=... if each.default is not each.empty else each.empty)
        for each in signature.parameters.values()
        if each.name not in ("self", "cls")
    ]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)).replace("Ellipsis", "...")


if __name__ == "__main__":
    SNAPSHOT.write_text(surface(), encoding="utf-8")

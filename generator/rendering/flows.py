"""Handwritten flows, read as text: signatures and docstrings only, never their code."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from generator.description import DescriptionError

_RESULTS: Final = {"Steps": "run", "Operation": "call", "Pages": "listed", "Many": "many"}
"""The performer's method, by the result of a flow."""
_ENDPOINT: Final = re.compile(r"\b(?:GET|PUT|POST|PATCH|DELETE) /[\w{}/.-]*[\w}]")


@attrs.frozen
class Flow:
    """A method of a flow class."""

    name: str
    signature: str
    """The arguments as written, without `self`."""
    passed: str
    """The same arguments, as passed on."""
    secrets: tuple[str, ...]
    asked: str
    """The performer's method: `run`, `call`, `listed` or `many`."""
    result: str
    """The type that a blocking app returns, without the container of pages and bulk calls."""
    doc: str


@attrs.frozen
class FlowClass:
    """The flows of one resource for some access types."""

    name: str
    module: str
    resource: str
    access: tuple[str, ...]
    doc: str
    flows: list[Flow]
    imports: str
    """Import statements for all names in the signatures."""


def flow_classes(folder: Path, remarks: Mapping[str, str]) -> list[FlowClass]:
    """Return the flow classes in a folder that name a resource.

    If a flow's docstring names an endpoint with an entry in `remarks`, the entry is appended.

    Raises:
        DescriptionError: one of them cannot be parsed.
    """
    found: dict[str, tuple[ast.ClassDef, Path, str]] = {}
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        own = ", ".join(name for node in tree.body for name in _defined(node) if not name.startswith("_"))
        imports = "\n".join(
            [
                *(ast.unparse(node) for node in tree.body if _is_import(node)),
                f"from hexclave._flows.{path.stem} import {own}",
            ]
        )
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                found[node.name] = (node, path, imports)
    return [
        _flow_class(node, path, found, remarks)
        for node, path, _ in found.values()
        if _text(_assigned(node, "resource")) is not None
    ]


def _flow_class(
    node: ast.ClassDef, path: Path, found: Mapping[str, tuple[ast.ClassDef, Path, str]], remarks: Mapping[str, str]
) -> FlowClass:
    access = _assigned(node, "access")
    if not isinstance(access, ast.Tuple):
        raise DescriptionError(f"{path}:{node.lineno}: {node.name} needs `access`, a tuple")
    line = list(_line(node, found))
    flows: dict[str, Flow] = {}
    for base in line:
        for member in base.body:
            if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
                flows.setdefault(member.name, _flow(member, path, remarks))
    return FlowClass(
        name=node.name,
        module=path.stem,
        resource=_text(_assigned(node, "resource")) or "",
        access=tuple(_text(each) or "" for each in access.elts),
        doc=ast.get_docstring(node) or "",
        flows=list(flows.values()),
        imports="\n".join(found[base.name][2] for base in line),
    )


def _line(node: ast.ClassDef, found: Mapping[str, tuple[ast.ClassDef, Path, str]]) -> Iterator[ast.ClassDef]:
    """Return the class and its bases among the flows."""
    yield node
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in found:
            yield from _line(found[base.id][0], found)


def _flow(function: ast.FunctionDef, path: Path, remarks: Mapping[str, str]) -> Flow:
    returned = function.returns
    kind = returned.value.id if isinstance(returned, ast.Subscript) and isinstance(returned.value, ast.Name) else ""
    doc = ast.get_docstring(function)
    if not isinstance(returned, ast.Subscript) or kind not in _RESULTS or doc is None:
        raise DescriptionError(
            f"{path}:{function.lineno}: {function.name} needs a docstring and must return one of {', '.join(_RESULTS)}"
        )
    arguments = function.args
    first = [arg.arg for arg in (*arguments.posonlyargs, *arguments.args)][1:]
    named = [arg.arg for arg in arguments.kwonlyargs]
    annotated = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    shown = ast.unparse(arguments).removeprefix("self").removeprefix(", ")
    return Flow(
        name=function.name,
        signature=f"self, {shown}" if shown else "self",
        passed=", ".join([*first, *(f"{name}={name}" for name in named)]),
        secrets=tuple(
            arg.arg for arg in annotated if arg.annotation is not None and "SecretText" in ast.unparse(arg.annotation)
        ),
        asked=_RESULTS[kind],
        result=ast.unparse(returned.slice).strip("()"),
        doc="\n\n".join([doc, *dict.fromkeys(remarks[each] for each in _ENDPOINT.findall(doc) if remarks.get(each))]),
    )


def _assigned(node: ast.ClassDef, name: str) -> ast.expr | None:
    for member in node.body:
        if isinstance(member, ast.Assign) and [ast.unparse(each) for each in member.targets] == [name]:
            return member.value
    return None


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _is_import(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    return isinstance(node, ast.Import | ast.ImportFrom)

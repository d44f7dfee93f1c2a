"""The members of an app: every method of every resource."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

MEMBER = re.compile(r'(?:\w+\.|for_\w+\("\w+"\)\.)*\w+')


def members(owner: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each method as `teams.members.list`, with its source."""
    for name in dir(type(owner)):
        if name.startswith("_"):
            continue
        attribute = getattr(type(owner), name)
        if isinstance(attribute, property):
            value = getattr(owner, name)
            if is_resource(value):
                yield from members(value, f"{path}{name}.")
        elif name.startswith("for_"):
            yield from members(getattr(owner, name)("x"), f"{path}{name}(…).")
        elif is_resource(owner) and inspect.isfunction(attribute):
            yield f"{path}{name}", defined(owner, name)


def is_resource(value: object) -> bool:
    """Return true if the methods of this object are members of an app."""
    return type(value).__module__.startswith(("hexclave.resources.", "hexclave_api.resources."))


def called(app: Any, expression: str) -> str:
    """Return the method that an expression of the table calls."""
    found = MEMBER.match(expression)
    assert found is not None
    method = eval(f"app.{found[0]}", {"app": app})
    return defined(method.__self__, found[0].rpartition(".")[2])


def defined(owner: object, name: str) -> str:
    """Return the source: apps of several access types may have the same method in different classes."""
    method = inspect.getattr_static(owner, name)
    return re.sub(r"\w+Flows\(", "Flows(", inspect.getsource(method))

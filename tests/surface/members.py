"""The members of an app: every method of every resource that it offers."""

import re
from collections.abc import Iterator
from typing import Any

from hexclave._call import Method, Resource

MEMBER = re.compile(r'(?:\w+\.|for_\w+\("\w+"\)\.)*\w+')


def members(owner: Any, path: str = "") -> Iterator[tuple[str, tuple[type, str]]]:
    """Each method as `teams.members.list`, with the class that defines it and its name there."""
    for name in dir(type(owner)):
        if name.startswith("_"):
            continue
        attribute = getattr(type(owner), name)
        if isinstance(attribute, Method):
            yield f"{path}{name}", defined(owner, name)
        elif isinstance(attribute, property):
            value = getattr(owner, name)
            if isinstance(value, Resource):
                yield from members(value, f"{path}{name}.")
        elif name.startswith("for_"):
            yield from members(getattr(owner, name)("x"), f"{path}{name}(…).")


def called(app: Any, expression: str) -> tuple[type, str]:
    """The class and the name of the method that an expression of the table calls."""
    found = MEMBER.match(expression)
    assert found is not None
    method = eval(f"app.{found[0]}", {"app": app})
    return defined(method.__self__, found[0].rpartition(".")[2])


def defined(owner: object, name: str) -> tuple[type, str]:
    return next(kind for kind in type(owner).__mro__ if name in vars(kind)), name

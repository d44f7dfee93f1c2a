"""Which function answers which request. A domain registers its handlers with `@route`."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from hexclave_emulator.checking.description import DescribedOperation, Description, description
from hexclave_emulator.checking.rules import Rule
from hexclave_emulator.messages.exchange import JsonObject, Reply
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.state.tables import State

if TYPE_CHECKING:
    from hexclave_emulator.domains.access import Caller
    from hexclave_emulator.domains.projects import Project
    from hexclave_emulator.domains.users import User
    from hexclave_emulator.emulator import Emulator

CLIENT: Final = ("client", "server", "admin")
SERVER: Final = ("server", "admin")
ADMIN: Final = ("admin",)
OPEN: Final[tuple[str, ...]] = ()
"""No key is needed; those that come along must still be right."""


@attrs.define
class Request:
    """A request that was let in: who calls, and input that passed the description and the route's rules."""

    emulator: "Emulator"
    caller: "Caller"
    method: str
    path: str
    """As it was asked for, with the version in front: `/api/v1/users`."""
    base_url: str
    headers: Mapping[str, str]
    params: dict[str, str]
    query: JsonObject
    """The parameters that were given."""
    body: Any
    """An object of the fields that were given, where the operation takes an object; `None` when it takes no body."""

    @property
    def now(self) -> int:
        """Milliseconds since 1970 by the emulator's clock."""
        return self.emulator.clock.millis()

    @property
    def release(self) -> str:
        """The version of the API to behave like: `2026-04` or `2026-09`."""
        return self.emulator.release

    @property
    def is_client(self) -> bool:
        return self.caller.type == "client"

    @property
    def project(self) -> "Project":
        """The project of the keys."""
        if self.caller.project is None:
            raise known("ACCESS_TYPE_REQUIRED")
        return self.caller.project

    @property
    def user(self) -> "User":
        """The signed-in user; USER_AUTHENTICATION_REQUIRED without one."""
        if self.caller.user is None:
            raise known("USER_AUTHENTICATION_REQUIRED")
        return self.caller.user

    def user_id(self, given: str) -> str:
        """The id, with `me` resolved; CANNOT_GET_OWN_USER_WITHOUT_USER when nobody is signed in."""
        if given != "me":
            return given
        if self.caller.user is None:
            raise known("CANNOT_GET_OWN_USER_WITHOUT_USER")
        return self.caller.user.id


Handler: TypeAlias = Callable[[Request, State], Reply]


@attrs.frozen(eq=False)
class Route:
    """One operation as it is served."""

    method: str
    template: str
    access: tuple[str, ...]
    rules: Mapping[str, Rule] = attrs.field(factory=dict)
    needs: tuple[str, ...] = ()
    """`user`, `refresh_token`: what the request must carry, else SCHEMA_ERROR."""
    handler: Handler | None = None
    """`None`: described, but the emulator does not know how to perform it."""
    operation: DescribedOperation | None = None
    """`None`: the API has it and its documents do not."""


_REGISTERED: Final[dict[tuple[str, str], Route]] = {}


def route(
    method: str,
    template: str,
    *,
    access: tuple[str, ...],
    rules: Mapping[str, Rule] | None = None,
    needs: tuple[str, ...] = (),
) -> Callable[[Handler], Handler]:
    """Answer an operation with the decorated function.

    Args:
        access: `CLIENT`, `SERVER`, `ADMIN` or `OPEN`.
        rules: checks beyond the description, by place: `body.email`, `query.limit`, `params.user_id`; `body` itself.
        needs: `user` when the API demands a signed-in user with SCHEMA_ERROR (elsewhere `request.user` does with
            USER_AUTHENTICATION_REQUIRED); `refresh_token` when it demands that header.
    """

    def register(handler: Handler) -> Handler:
        key = (method, re.sub(r"\{\w+\}", "{}", template))
        if key in _REGISTERED:
            raise ValueError(f"{method} {template} is registered twice")
        _REGISTERED[key] = Route(method, template, access, rules or {}, needs, handler)
        return handler

    return register


@attrs.define
class _Node:
    fixed: dict[str, "_Node"] = attrs.field(factory=dict)
    anything: "_Node | None" = None
    routes: dict[str, tuple[Route, tuple[str, ...]]] = attrs.field(factory=dict)


class Router:
    """All routes of a release: the registered ones, and every other operation of the description."""

    def __init__(self, release: str) -> None:
        self.description = description(release)
        self._root = _Node()
        self.routes: list[Route] = []
        described = _by_place(self.description)
        newer = _by_place(description()).keys() - described
        for key in {**described, **_REGISTERED}:
            if key in newer:
                continue
            operation = described.get(key)
            registered = _REGISTERED.get(key)
            if registered is not None:
                self._add(attrs.evolve(registered, operation=operation))
            elif operation is not None:
                self._add(Route(operation.method, operation.template, operation.access, operation=operation))

    def _add(self, entry: Route) -> None:
        # A registered template may call its parameters otherwise; the description's names count in messages.
        template = entry.operation.template if entry.operation is not None else entry.template
        node = self._root
        names: list[str] = []
        for segment in template.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment.strip("{}"))
                node.anything = node = node.anything or _Node()
            else:
                node = node.fixed.setdefault(segment, _Node())
        node.routes[entry.method] = (entry, tuple(names))
        self.routes.append(entry)

    def find(self, segments: list[str]) -> tuple[_Node, list[str]] | None:
        """The place of this path and what stands in its parameters; fixed segments win."""
        return self._descend(self._root, segments, 0)

    def _descend(self, node: _Node, segments: list[str], depth: int) -> tuple[_Node, list[str]] | None:
        if depth == len(segments):
            return (node, []) if node.routes else None
        child = node.fixed.get(segments[depth])
        found = self._descend(child, segments, depth + 1) if child is not None else None
        if found is not None or node.anything is None:
            return found
        found = self._descend(node.anything, segments, depth + 1)
        if found is not None:
            found[1].insert(0, segments[depth])
        return found


def _by_place(described: Description) -> dict[tuple[str, str], DescribedOperation]:
    return {(each.method, re.sub(r"\{\w+\}", "{}", each.template)): each for each in described.operations}

"""The mapping of requests to functions. A domain registers its handlers with `@route`."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from hexclave_emulator.checking.description import DescribedOperation, Description, description
from hexclave_emulator.checking.releases import LATEST, OLDEST
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
"""No key is required, but keys that are sent must be valid."""


@attrs.define
class Request:
    """An authorized request: the caller, and input that passed the description and the route's rules."""

    emulator: "Emulator"
    caller: "Caller"
    method: str
    path: str
    """As requested, including the version: `/api/v1/users`."""
    base_url: str
    headers: Mapping[str, str]
    params: dict[str, str]
    query: JsonObject
    """The parameters that were sent."""
    body: Any
    """The fields that were sent, if the operation takes an object; `None` if it takes no body."""

    @property
    def now(self) -> int:
        """Milliseconds since 1970 by the emulator's clock."""
        return self.emulator.clock.millis()

    @property
    def release(self) -> str:
        """The API version to emulate, such as `2026-04`."""
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
        """Return the id, with `me` resolved; CANNOT_GET_OWN_USER_WITHOUT_USER if no user is signed in."""
        if given != "me":
            return given
        if self.caller.user is None:
            raise known("CANNOT_GET_OWN_USER_WITHOUT_USER")
        return self.caller.user.id


Handler: TypeAlias = Callable[[Request, State], Reply]


@attrs.frozen(eq=False)
class Route:
    """An operation as served."""

    method: str
    template: str
    access: tuple[str, ...]
    rules: Mapping[str, Rule] = attrs.field(factory=dict)
    april: Mapping[str, Rule] = attrs.field(factory=dict)
    """Rules of release 2026-04, in place of those for the same locations."""
    needs: tuple[str, ...] = ()
    """`user`, `refresh_token`: required in the request, else SCHEMA_ERROR."""
    handler: Handler | None = None
    """`None` if described but not implemented by the emulator."""
    operation: DescribedOperation | None = None
    """`None` if the API has it but its documents do not."""


REGISTERED: Final[dict[tuple[str, str], Route]] = {}


def route(
    method: str,
    template: str,
    *,
    access: tuple[str, ...],
    rules: Mapping[str, Rule] | None = None,
    april: Mapping[str, Rule] | None = None,
    needs: tuple[str, ...] = (),
) -> Callable[[Handler], Handler]:
    """Register the decorated function for an operation.

    Args:
        access: `CLIENT`, `SERVER`, `ADMIN` or `OPEN`.
        rules: checks beyond the description, by location: `body.email`, `query.limit`, `params.user_id`; `body` itself.
        april: rules of release 2026-04, in place of those for the same locations.
        needs: `user` if the API requires a signed-in user with SCHEMA_ERROR (otherwise `request.user` raises
            USER_AUTHENTICATION_REQUIRED); `refresh_token` if it requires that header.
    """

    def register(handler: Handler) -> Handler:
        key = (method, re.sub(r"\{\w+\}", "{}", template))
        if key in REGISTERED:
            raise ValueError(f"{method} {template} is registered twice")
        REGISTERED[key] = Route(method, template, access, rules or {}, april or {}, needs, handler)
        return handler

    return register


Place: TypeAlias = tuple[Route, tuple[str, ...]]
"""A route and the names of its parameters."""


@attrs.define
class _Node:
    fixed: dict[str, "_Node"] = attrs.field(factory=dict)
    anything: "_Node | None" = None
    routes: dict[str, Place] = attrs.field(factory=dict)


_FAMILIES: Final = (
    "/auth/sessions",
    "/contact-channels",
    "/emails/outbox",
    "/oauth-providers",
    "/project-permissions",
    "/team-api-keys",
    "/team-invitations",
    "/team-member-profiles",
    "/team-memberships",
    "/team-permissions",
    "/teams",
    "/user-api-keys",
    "/users",
)
"""The API validates the query of all operations on a resource alike: each accepts the parameters of the list."""


def _with_query_of_list(operation: DescribedOperation, described: Description) -> DescribedOperation:
    family = next((each for each in _FAMILIES if _is_of(operation.template, each)), None)
    listing = next((each for each in described.operations if (each.method, each.template) == ("GET", family)), None)
    if listing is None or listing is operation:
        return operation
    optional = {
        name: {
            **each,
            "required": False,
            "schema": {key: value for key, value in each["schema"].items() if key != "default"},
        }
        for name, each in listing.query_parameters.items()
    }
    return attrs.evolve(operation, query_parameters={**optional, **operation.query_parameters})


def _is_of(template: str, family: str) -> bool:
    """Return true if the template is that of the list or of an item: `/teams/{team_id}`, not `/teams/x`."""
    rest = template.removeprefix(family) if template.startswith(family) else "-"
    return all(segment.startswith("{") for segment in rest.split("/") if segment)


class Router:
    """All routes of a release: the registered ones, and every other operation in the description."""

    def __init__(self, release: str = LATEST) -> None:
        self.description = description(release)
        self._root = _Node()
        self.routes: list[Route] = []
        described = _by_place(self.description)
        newer = _by_place(description()).keys() - described
        for key in {**described, **REGISTERED}:
            if key in newer:
                continue
            operation = described.get(key)
            registered = REGISTERED.get(key)
            if registered is not None:
                rules = {**registered.rules, **(registered.april if release == OLDEST else {})}
                self._add(attrs.evolve(registered, rules=rules, operation=operation))
            elif operation is not None:
                self._add(Route(operation.method, operation.template, operation.access, operation=operation))

    def _add(self, entry: Route) -> None:
        # A registered template may name its parameters differently; messages use the description's names.
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

    def find(self, segments: list[str]) -> tuple[Mapping[str, Place], list[str]] | None:
        """Return the routes at this path by method, with the path parameters; fixed segments take precedence."""
        return self._descend(self._root, segments, 0)

    def _descend(self, node: _Node, segments: list[str], depth: int) -> tuple[Mapping[str, Place], list[str]] | None:
        if depth == len(segments):
            return (node.routes, []) if node.routes else None
        child = node.fixed.get(segments[depth])
        found = self._descend(child, segments, depth + 1) if child is not None else None
        if found is not None or node.anything is None:
            return found
        found = self._descend(node.anything, segments, depth + 1)
        if found is not None:
            found[1].insert(0, segments[depth])
        return found


def _by_place(described: Description) -> dict[tuple[str, str], DescribedOperation]:
    return {
        (each.method, re.sub(r"\{\w+\}", "{}", each.template)): _with_query_of_list(each, described)
        for each in described.operations
    }

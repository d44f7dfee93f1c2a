"""The methods of the apps as commands: `hexclave-py users list` is `app.users.list()`.

Nothing is listed by hand. The groups are the resources of the apps, the commands their methods, the options their
arguments, and the help their docstrings.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeAlias

import click

from hexclave import resources
from hexclave.cli._connecting import ORDER, chosen_access, connect
from hexclave.cli._dry_run import DryTransport, NotSent, described, request_lines
from hexclave.cli._exits import Exit, Failure
from hexclave.cli._lazy import LazyGroup
from hexclave.cli._output import for_people, json_text, note, print_items, print_line, print_result
from hexclave.cli._profiles import load
from hexclave.cli._signatures import Call, Doc, option_name
from hexclave.cli._state import State, common_options, current
from hexclave.resources import by_access
from hexclave_api.operation import AccessType
from hexclave_api.pagination import Page
from hexclave_api.secret import secrets_in

Classes: TypeAlias = Mapping[AccessType, type]
"""The classes of a resource, by access type."""

_ROOTS: Final[Classes] = {
    "server": by_access.ServerResources,
    "admin": by_access.AdminResources,
    "client": by_access.ClientResources,
}
_OF_THE_SESSION: Final = frozenset({"auth", "me", "agents"})
"""Resources about who is signed in: clients come first."""


def _children(owner: type) -> dict[str, tuple[type, str]]:
    """The resources inside of another, with their summaries."""
    found: dict[str, tuple[type, str]] = {}
    for name, member in inspect.getmembers(owner):
        if isinstance(member, property) and not name.startswith("_") and member.fget is not None:
            returned = member.fget.__annotations__["return"]
            made = getattr(resources, returned.rpartition(".")[2]) if isinstance(returned, str) else returned
            found[name] = (made, Doc.of(member).summary)
    return found


def _methods(owner: type) -> dict[str, Callable[..., Any]]:
    return {name: member for name, member in inspect.getmembers(owner, inspect.isfunction) if not name.startswith("_")}


def _bound_resource(method: Callable[..., Any]) -> type | None:
    """The resource that a method such as `payments.for_user` returns."""
    returned = method.__annotations__.get("return")
    if isinstance(returned, str):
        returned = getattr(resources, returned.rpartition(".")[2], None)
    module = getattr(returned, "__module__", "")
    return returned if isinstance(returned, type) and ".resources." in module else None


@cache
def resource_summaries() -> dict[str, str]:
    """Return the resources of all apps, with their summaries."""
    found: dict[str, str] = {}
    for access in ORDER:
        for name, member in vars(_ROOTS[access]).items():
            if isinstance(member, property):
                found.setdefault(name, Doc.of(member).summary)
    return found


def resource_group(name: str, state: State, extra: Mapping[str, str]) -> click.Group | None:
    """Return the group of a resource as the access type of this run sees it; `None` if there is no such resource."""
    classes: dict[AccessType, type] = {
        access: getattr(resources, annotation.rpartition(".")[2])
        for access in ORDER
        if isinstance(member := vars(_ROOTS[access]).get(name), property)
        and member.fget is not None
        and isinstance(annotation := member.fget.__annotations__["return"], str)
    }
    if not classes:
        return None
    return ResourceGroup((name,), classes, state, extra)


class ResourceGroup(LazyGroup):
    """A resource: its methods, the resources inside of it, and commands of our own beside them."""

    def __init__(
        self, path: tuple[str, ...], classes: Classes, state: State, extra: Mapping[str, str], bound: Call | None = None
    ) -> None:
        first = next(iter(classes.values()))
        super().__init__(
            path[-1].replace("_", "-"),
            extra,
            help=Doc.of(first).text if bound is None else bound.doc.text,
            params=[*([] if bound is None else bound.parameters()), *common_options(("profile", "as", "json"))],
        )
        self._path = path
        self._classes = classes
        self._state = state
        self._bound = bound

    def list_own(self) -> Iterator[tuple[str, str]]:
        """The commands with their summaries, those that every access type sees first."""
        seen = set()
        for owner in self._classes.values():
            for name, (_, summary) in _children(owner).items():
                if name not in seen:
                    seen.add(name)
                    yield name.replace("_", "-"), summary
            for name, method in _methods(owner).items():
                if name not in seen and (_bound_resource(method) or Call.of(method)):
                    seen.add(name)
                    yield name.replace("_", "-"), Doc.of(method).summary

    def own_command(self, name: str) -> click.Command | None:
        """The command with this name."""
        name = name.replace("-", "_")
        path = (*self._path, name)
        children: dict[AccessType, type] = {
            access: found[name][0] for access, owner in self._classes.items() if name in (found := _children(owner))
        }
        if children:
            return ResourceGroup(path, children, self._state, {})
        methods: dict[AccessType, Callable[..., Any]] = {
            access: offered[name] for access, owner in self._classes.items() if name in (offered := _methods(owner))
        }
        if not methods:
            return None
        made: dict[AccessType, type] = {
            access: one for access, method in methods.items() if (one := _bound_resource(method))
        }
        if made:
            return ResourceGroup(path, made, self._state, {}, Call.of(next(iter(methods.values()))))
        calls: dict[AccessType, Call] = {
            access: call for access, method in methods.items() if (call := Call.of(method))
        }
        return method_command(path, calls, self._state) if calls else None

    def invoke(self, ctx: click.Context) -> Any:
        if self._bound is not None:
            values = {name: value for name, value in ctx.params.items() if name != "clear"}
            ctx.obj.bound[self._path] = self._bound.arguments(values, ())
        return super().invoke(ctx)


class MethodCommand(click.Command):
    """A command that calls a method or an operation, and knows its Python signature."""

    def __init__(self, calls: Mapping[AccessType, Call], shown_name: str, **options: Any) -> None:
        super().__init__(**options)
        self.calls = calls
        self._shown_name = shown_name

    @property
    def python(self) -> str:
        """The signature in Python, and the errors."""
        call = next(iter(self.calls.values()))
        lines = ["Python:", f"  {self._shown_name.removesuffix('()')}("]
        for name, parameter in call.signature.parameters.items():
            if name != "self":
                default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
                lines.append(f"    {name}{default},")
        lines.append("  )")
        if call.doc.raises:
            lines += ["", "Raises:", *(f"  {line}" for line in call.doc.raises.split("\n"))]
        return "\n".join(lines)


def method_command(path: tuple[str, ...], calls: Mapping[AccessType, Call], state: State) -> click.Command:
    """Return the command of a method, with the options that it has for the access type of this run."""
    if path[0] in _OF_THE_SESSION:
        calls = {access: calls[access] for access in ("client", *ORDER) if access in calls}
    access = _shown_access(calls, state)
    call = calls[access]
    names: list[Any] = ["profile", "as", "json", "dry_run", "reveal"]
    taken = set(call.shapes)
    params = [*call.parameters(), *common_options([name for name in names if name not in taken])]
    if call.is_list and "all" not in taken:
        params.append(click.Option(["--all", "every"], is_flag=True, help="Print all pages, not only the first."))

    def invoke(clear: Sequence[str] = (), every: bool = False, **values: Any) -> None:
        run_method(path, calls, call.arguments(values, clear), every=every)

    return MethodCommand(
        calls,
        f"app.{'.'.join(path)}",
        name=path[-1].replace("_", "-"),
        callback=invoke,
        params=params,
        help=call.doc.text,
        short_help=call.doc.summary,
        epilog=f"Python: app.{'.'.join(path)}. Access types: {', '.join(calls)}.",
    )


def _shown_access(calls: Mapping[AccessType, Call], state: State) -> AccessType:
    """The access type whose options are shown: that of the call, as far as it is known yet."""
    if state.access is not None and state.access in calls:
        return state.access
    distinct = {call.signature for call in calls.values()}
    if len(distinct) > 1:
        try:
            return _access_of(calls, state)
        except Failure:
            pass
    return next(iter(calls))


def _access_of(calls: Mapping[AccessType, Any], state: State) -> AccessType:
    order = list(calls)
    profile = load(state.profile)
    if order[0] == "client" and state.access is None:
        return "client"
    return chosen_access(profile, order, state)


def run_method(
    path: tuple[str, ...], calls: Mapping[AccessType, Call], arguments: Mapping[str, Any], *, every: bool
) -> None:
    """Call the method of an app and print its result.

    Raises:
        HexclaveError: the call failed.
        Failure: there is no key for it, or its result would be lost.
    """
    state = current()
    access = _access_of(calls, state)
    call, profile = calls[access], load(state.profile)
    if unknown := [option_name(name) for name in arguments if name not in call.shapes]:
        # Only if `--as` or `--profile` stands where it was not seen before parsing.
        raise click.UsageError(f"Not available as {access}: --{', --'.join(unknown)}. Put --as and --profile first.")
    # After a sign-in with `auth`, the tokens are in the profile's session.
    check_secrets(call, creates=call.creates and path[0] != "auth")
    with connect(profile, access, DryTransport() if state.dry_run else None) as app:
        target: Any = app
        for at, name in enumerate(path[:-1]):
            target = getattr(target, name)
            if (bound := state.bound.get(path[: at + 1])) is not None:
                target = target(**bound)
        try:
            result = call.function(target, **arguments)
            print_call_result(result, every=every)
        except NotSent as dry:
            secrets = [*secrets_in(dict(arguments)), *profile.keys.values()]
            print_request(described(dry.request, secrets))


def check_secrets(call: Call, *, creates: bool) -> None:
    """Refuse a call whose result would be lost, before anything is sent.

    Raises:
        Failure: the reply holds secrets, which the mask would hide permanently.
    """
    state = current()
    if creates and not state.reveal and not state.dry_run and call.returns_secrets:
        raise Failure(
            "The reply contains secrets, some of which the API shows only once.",
            Exit.USAGE,
            "Nothing was sent. Pass --reveal to print them.",
        )


def print_request(found: Mapping[str, Any]) -> None:
    """Print the request of a dry run."""
    if not for_people():
        print(json_text(found))
        return
    for line in request_lines(found):
        print_line(line)


def print_call_result(result: Any, *, every: bool) -> None:
    """Print what a method returned; of a list, the first page unless `every`."""
    if not isinstance(result, Page):
        print_result(result)
        if result is None:
            note("Done.")
        return
    if every:
        print_items(result)
        return
    print_items(result.items)
    if result.next_cursor is not None:
        note(f"There are more: --all, or --cursor {result.next_cursor}.")

"""The SDK's method that makes a call, found by `x-methods` of the description."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final, Literal, TypeAlias, cast

import attrs

import hexclave
from hexclave_api import OPERATIONS
from hexclave_api.operation import UNSET
from hexclave_emulator.checking.description import document
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.page.source import Raw

Access: TypeAlias = Literal["client", "server", "admin"]

APPS: Final = {
    "client": hexclave.HexclaveClientApp,
    "server": hexclave.HexclaveServerApp,
    "admin": hexclave.HexclaveAdminApp,
}
_UNITS: Final = {"hours": 3_600_000, "seconds": 1000, "milliseconds": 1}
_ENDPOINT: Final = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/[\w/{}.-]*[\w}])")


@attrs.frozen
class Call:
    """A request by the names of the description."""

    method: str
    template: str
    access: Access
    params: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None
    access_token: str | None = None
    refresh_token: str | None = None


@attrs.frozen
class Expression:
    """A call, before it is written."""

    path: str
    positional: list[Any]
    keyword: dict[str, Any]


@cache
def described_operations() -> dict[tuple[str, str], JsonObject]:
    """Return the operations of the description, by method and path."""
    return {
        (method.upper(), template): operation
        for template, item in document()["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict) and "operationId" in operation
    }


def operation_function(described: JsonObject, access: Access) -> Callable[..., Any]:
    """Return the function that makes the operation for this access type."""
    return OPERATIONS[described.get("x-access-names", {}).get(access, described["operationId"])].function


def has_required(parameters: Iterable[inspect.Parameter], found: Mapping[str, Any]) -> bool:
    """Return whether no required argument is missing."""
    return all(each.name in found for each in parameters if each.default is inspect.Parameter.empty)


def by_method(call: Call, described: JsonObject, given: Mapping[str, Any]) -> Expression | None:
    """Return the method that sends exactly these arguments; `None` if there is none."""
    for path, options in _methods(call, described):
        method = _find(call.access, path)
        if method is None:
            continue
        arguments = dict(given)
        fixed: Mapping[str, Any] = options.get("with", {})
        if any(arguments.pop(name, UNSET) != value for name, value in fixed.items()):
            continue
        renamed: Mapping[str, str] = options.get("rename", {})
        signature = inspect.signature(method)
        named = dict(_with_times(signature, {renamed.get(name, name): value for name, value in arguments.items()}))
        if not named.keys() <= signature.parameters.keys() or not has_required(signature.parameters.values(), named):
            continue
        # A default would send more than the request did.
        if any(each.default is not UNSET for each in signature.parameters.values() if each.name not in named):
            continue
        return Expression(f"app.{path}", *ordered(signature, named))
    return None


def _methods(call: Call, described: JsonObject) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The methods that perform the operation, those that fix most of its arguments first."""
    options = [each if isinstance(each, dict) else {"method": each} for each in described.get("x-methods", ())]
    wanted = [each for each in options if call.access in (each.get("access") or described["x-access"])]
    for each in sorted(wanted, key=lambda option: ("absent" in option, -len(option.get("with", {})))):
        yield each["method"], each
    for path in _flows(call.access).get((call.method, call.template), ()):
        yield path, {}


@cache
def _app(access: Access) -> Any:
    """An app to look at, which makes no call."""
    keys = {"server": {"secret_server_key": "-"}, "admin": {"super_secret_admin_key": "-"}}.get(access, {})
    options: dict[str, Any] = {"project_id": "emulated", "base_url": "http://localhost", **keys}
    return cast("Any", APPS[access])(**options)


def _find(access: Access, path: str) -> Callable[..., Any] | None:
    found: Any = _app(access)
    for name in path.split("."):
        found = getattr(found, name, None)
    return found if callable(found) else None


@cache
def _flows(access: Access) -> dict[tuple[str, str], list[str]]:
    """Methods beyond `x-methods`, by the one endpoint that their docstring names.

    Only those whose arguments are the operation's: the others decide some of them.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for path, method in _members(_app(access), ""):
        endpoints = set(_ENDPOINT.findall(method.__doc__ or ""))
        described = described_operations().get(endpoints.pop()) if len(endpoints) == 1 else None
        if described is None or described.get("x-methods"):
            continue
        arguments = inspect.signature(operation_function(described, access)).parameters
        if {re.sub("_millis$", "", name) for name in arguments} == set(inspect.signature(method).parameters):
            found.setdefault(_ENDPOINT.findall(method.__doc__ or "")[0], []).append(path)
    return found


def _members(holder: Any, prefix: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in dir(holder):
        if name.startswith("_") or (not prefix and inspect.isroutine(getattr(type(holder), name, None))):
            continue
        member = getattr(holder, name)
        if inspect.ismethod(member):
            yield prefix + name, member
        elif type(member).__module__.startswith(("hexclave.resources", "hexclave_api.resources")):
            yield from _members(member, f"{prefix}{name}.")


def _with_times(signature: inspect.Signature, arguments: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in arguments.items():
        plain = re.sub(r"_millis$", "", name)
        if name in signature.parameters or plain not in signature.parameters or not isinstance(value, int | None):
            yield name, value
            continue
        is_duration = "timedelta" in str(signature.parameters[plain].annotation)
        if value is None:
            yield plain, None
        elif is_duration:
            unit, length = next((unit, length) for unit, length in _UNITS.items() if value % length == 0)
            yield plain, Raw(f"timedelta({unit}={value // length})")
        else:
            yield plain, Raw(f"datetime.fromtimestamp({value / 1000!r}, UTC)")


def ordered(signature: inspect.Signature, arguments: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments as they are passed: by position and by name."""
    positional = []
    for name, parameter in signature.parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY or name not in arguments:
            break
        positional.append(arguments.pop(name))
    return positional, arguments

"""Conversion of requests to Python programs that send the same."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from hexclave_api.errors import UnsafeUseError
from hexclave_api.operation import UNSET, Operation
from hexclave_api.secret import Secret
from hexclave_emulator.page.methods import (
    APPS,
    Call,
    Expression,
    by_method,
    described_operations,
    has_required,
    operation_function,
    ordered,
)
from hexclave_emulator.page.secret_fields import secret_fields
from hexclave_emulator.page.source import HIDDEN, Raw, SecretValue, call_source


@attrs.frozen
class Written:
    """A program that sends a request."""

    python: str
    masked: str
    """The same, with dots in place of secrets."""


def python_of(call: Call) -> Written | None:
    """Return the program; `None` if the SDK has no call that sends exactly this."""
    described = described_operations().get((call.method, call.template))
    if described is None or call.access not in described["x-access"]:
        return None
    function = operation_function(described, call.access)
    given = _arguments(function, call)
    if given is None:
        return None
    expression = by_method(call, described, given)
    imports = ""
    if expression is None:
        positional, keyword = ordered(inspect.signature(function), dict(given))
        inner = Expression(function.__name__, positional, keyword)
        expression = Expression("app.call", [inner], {})
        imports = f"from {function.__module__} import {function.__name__}\n"
    return Written(
        *(_program(call, expression, imports, secret) for secret in (lambda value: repr(value), lambda _: HIDDEN))
    )


def _program(call: Call, expression: Expression, imports: str, secret: Callable[[str], str]) -> str:
    app = APPS[call.access].__name__
    made, needed = f"{app}()", [app]
    if call.access_token is not None or call.refresh_token is not None:
        tokens = {
            name: SecretValue(value)
            for name, value in (("access_token", call.access_token), ("refresh_token", call.refresh_token))
            if value is not None
        }
        needed.append("Tokens")
        source = call_source("Tokens", [], tokens, secret, 1)
        made = f"{app}(session={source})" if call.access == "client" else f"{app}().with_session({source})"
    called = _source(expression, secret)
    times = [name for name in ("datetime", "timedelta") if re.search(rf"\b{name}[.(]", called)]
    if times:
        names = (["UTC"] if "datetime" in times else []) + times
        imports = (
            f"from datetime import {', '.join(names)}\n\n" + f"from hexclave import {', '.join(needed)}\n{imports}"
        )
    else:
        imports = f"from hexclave import {', '.join(needed)}\n{imports}"
    return f"{imports}\napp = {made}\n{called}\n"


def _source(expression: Expression, secret: Callable[[str], str]) -> str:
    positional = [
        Raw(_source(each, secret)) if isinstance(each, Expression) else each for each in expression.positional
    ]
    return call_source(expression.path, positional, expression.keyword, secret)


def _hidden(value: Any, name: str = "") -> Any:
    """The value with its secrets marked."""
    if isinstance(value, dict):
        return {key: _hidden(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    return SecretValue(value) if isinstance(value, str) and name in secret_fields() else value


def _arguments(function: Callable[..., Any], call: Call) -> dict[str, Any] | None:
    """The arguments of the operation's function; `None` if it does not take all that was sent."""
    if not (call.body is None or isinstance(call.body, dict)):
        return None
    parameters = inspect.signature(function).parameters
    sent = [*call.params.items(), *call.query.items(), *(call.body or {}).items()]
    found: dict[str, Any] = {}
    for wire, value in sent:
        snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", wire).lower()
        name = next((each for each in (wire, f"{wire}_", snake, f"{snake}_") if each in parameters), None)
        if name is None:
            continue  # A constant, perhaps, such as the type of a contact channel.
        is_secret = isinstance(value, str) and "Secret" in str(parameters[name].annotation)
        found[name] = SecretValue(value) if is_secret else _hidden(value)
    return found if has_required(parameters.values(), found) and _sends(function, found, call) else None


def _sends(function: Callable[..., Any], arguments: Mapping[str, Any], call: Call) -> bool:
    """Return whether the operation with these arguments is exactly what was sent."""
    try:
        made: Operation[Any] = function(**_plain(arguments))
    except UnsafeUseError:
        return False
    # Where the operation has no body, the SDK sends an empty object or nothing.
    body = None if made.body is UNSET else _plain(made.body)
    return (body or None) == (call.body or None) and dict(made.query).keys() == call.query.keys()


def _plain(value: Any) -> Any:
    """The value with its secrets as text."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, SecretValue):
        return value.value
    return value.reveal() if isinstance(value, Secret) else value

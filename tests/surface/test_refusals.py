"""Invalid arguments are refused by every member before it sends anything, with one class of error."""

import ast
import inspect
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

import hexclave
from hexclave import HexclaveError, UnsafeUseError
from tests.surface.calls import CALLS
from tests.surface.members import members
from tests.surface.recording import APPS, recorded

HALF_A_PAIR = "\ud83d"


def calls() -> Iterator[tuple[str, str, Any, ast.Call, tuple[Any, ...]]]:
    for access, rows in CALLS.items():
        app = recorded(access).app
        for row in rows:
            tree = ast.parse(f"app.{row[0]}", mode="eval").body
            if isinstance(tree, ast.Call):
                method = eval(ast.unparse(tree.func), {"app": app})
                yield access, row[0], method, tree, row


def with_times() -> Iterator[Any]:
    for access, expression, method, tree, _ in calls():
        for name, parameter in inspect.signature(method).parameters.items():
            if any(kind in str(parameter.annotation) for kind in ("timedelta", "datetime")):
                others = [each for each in tree.keywords if each.arg != name]
                keywords = [*others, ast.keyword(name, ast.Constant(3600))]
                changed = ast.unparse(ast.Call(tree.func, tree.args, keywords)).removeprefix("app.")
                yield pytest.param(access, changed, name, id=f"{access}: {expression} {name}")


@pytest.mark.parametrize(("access", "expression", "argument"), [*with_times()])
def test_a_bare_number_is_no_time_and_no_duration(access: str, expression: str, argument: str) -> None:
    """It could be seconds or milliseconds; `expires_in=3600` once created a session of 3.6 s."""
    recording = recorded(access)
    with pytest.raises(UnsafeUseError, match=f"{argument} must be a (timedelta|datetime).* not int"):
        recording.call(expression)
    assert recording.requests == []


def test_every_kind_of_time_is_among_them() -> None:
    arguments = {each.values[2] for each in with_times()}
    assert {"expires_in", "within", "poll_every", "timeout", "scheduled_at", "expires_at", "duration_min"} <= arguments


def with_ids(*texts: str) -> Iterator[Any]:
    for access, expression, _, tree, row in calls():
        for index, argument in enumerate(tree.args):
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                path = f"{row[1].partition('?')[0]}/" if len(row) > 1 else ""
                if f"/{quote(argument.value, safe='$@:')}/" in path:
                    for text in texts:
                        changed = [*tree.args[:index], ast.Constant(text), *tree.args[index + 1 :]]
                        call = ast.unparse(ast.Call(tree.func, changed, tree.keywords)).removeprefix("app.")
                        yield pytest.param(access, call, id=f"{access}: {expression} {index} {text!a}")


@pytest.mark.parametrize(("access", "expression"), [*with_ids("", ".", "..", HALF_A_PAIR)])
def test_an_id_from_outside_that_is_none_is_a_refusal_like_any_other(access: str, expression: str) -> None:
    recording = recorded(access)
    with pytest.raises(HexclaveError) as caught:
        recording.call(expression)
    assert isinstance(caught.value, UnsafeUseError)
    assert isinstance(caught.value, ValueError)
    assert recording.requests == []


def with_texts() -> Iterator[Any]:
    for access, expression, _, tree, row in calls():
        for keyword in tree.keywords:
            is_text = isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
            # `app_url` is part of a link for the user and never sent to the API.
            if is_text and len(row) > 1 and keyword.arg != "app_url":
                others = [each for each in tree.keywords if each is not keyword]
                keywords = [*others, ast.keyword(keyword.arg, ast.Constant(HALF_A_PAIR))]
                call = ast.unparse(ast.Call(tree.func, tree.args, keywords)).removeprefix("app.")
                yield pytest.param(access, call, id=f"{access}: {expression} {keyword.arg}")


@pytest.mark.parametrize(("access", "expression"), [*with_texts()])
def test_half_a_surrogate_pair_is_a_refusal_like_any_other(access: str, expression: str) -> None:
    recording = recorded(access)
    with pytest.raises(UnsafeUseError) as caught:
        recording.call(expression)
    assert caught.value.__context__ is None
    assert recording.requests == []


def test_there_are_many_of_each() -> None:
    assert len(list(with_ids(""))) > 100
    assert len(list(with_texts())) > 100
    assert {each.values[0] for each in with_ids("")} == set(APPS)


EVERY_APP = {
    f"{mode}{kind.title()}": getattr(hexclave, f"{mode}Hexclave{kind.title()}App")("project-1", key)
    for mode in ("", "Async")
    for kind, key in (("client", "pck_not_a_real"), ("server", "ssk_not_a_real"), ("admin", "sak_not_a_real"))
}


def methods(app: Any) -> Iterator[Any]:
    for path, _ in members(app):
        yield eval(f"app.{path}".replace("(…)", "('x')"), {"app": app})


@pytest.mark.parametrize("name", EVERY_APP)
def test_an_unknown_keyword_names_the_method_that_was_called(name: str) -> None:
    """Rather than the underlying operation: `list_users()` appears nowhere in the caller's code."""
    called = list(methods(EVERY_APP[name]))
    assert len(called) > 50
    for method in called:
        with pytest.raises(TypeError, match=rf"^\w+\.{method.__name__}\(\) ") as caught:
            method(no_such_argument=1)
        assert "no_such_argument" in str(caught.value)


@pytest.mark.parametrize("name", [name for name in EVERY_APP if name.startswith("Async")])
def test_a_forgotten_await_names_the_method_that_was_called(name: str) -> None:
    coroutines = [method for method in methods(EVERY_APP[name]) if inspect.iscoroutinefunction(method)]
    assert len(coroutines) > 30
    for method in coroutines:
        assert method.__qualname__ in {f"{kind.__name__}.{method.__name__}" for kind in type(method.__self__).__mro__}


def test_python_warns_of_a_forgotten_await_by_that_name() -> None:
    app = EVERY_APP["AsyncServer"]
    with pytest.warns(RuntimeWarning, match=r"coroutine 'AsyncUsers\.get' was never awaited"):
        app.users.get("u1")

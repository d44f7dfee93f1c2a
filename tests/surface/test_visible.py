"""Signatures, help, completion and inferred types of every method of every app in common tools."""

import inspect
import pydoc
import re
import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import jedi
import pytest

import hexclave
from hexclave.bulk import AsyncOutcomes, Outcomes
from hexclave.pagination import AsyncPages, Page
from hexclave.verify import AccessTokenClaims
from tests.surface.members import is_resource, members

APPS = {
    f"{mode}{kind.title()}": getattr(hexclave, f"{mode}Hexclave{kind.title()}App")("project-1", key)
    for mode in ("", "Async")
    for kind, key in (("client", "pck_not_a_real"), ("server", "ssk_not_a_real"), ("admin", "sak_not_a_real"))
}
STREAMS = (Page, AsyncPages, Outcomes, AsyncOutcomes)
ENDPOINT = re.compile(r"\b(GET|PUT|POST|PATCH|DELETE) /[\w{}/-]+")
NO_REQUEST = {
    "auth.get_access_token",
    "auth.get_authorization_header",
    "auth.get_partial_user",
    "auth.get_refresh_token",
}
"""They read the session; what they may refresh has no endpoint of theirs."""


class Member(NamedTuple):
    path: str
    method: Any
    returns: Any
    """The annotation of the result, without the coroutine of async methods."""

    @property
    def is_stream(self) -> bool:
        return typing.get_origin(self.returns) in STREAMS


@cache
def methods(app: str) -> tuple[Member, ...]:
    return tuple(_methods(APPS[app]))


def _methods(app: Any) -> Iterator[Member]:
    for found, _ in members(app):
        path = found.replace("(…)", '("x")')
        method = eval(f"app.{path}", {"app": app})
        yield Member(path, method, _signature(method).return_annotation)


def _signature(method: Any) -> inspect.Signature:
    return inspect.signature(method, locals={"AccessTokenClaims": AccessTokenClaims}, eval_str=True)


def resources(owner: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield each resource of an app by its expression, and the app itself."""
    yield path, owner
    for name, attribute in inspect.getmembers(type(owner)):
        if isinstance(attribute, property) and is_resource(value := getattr(owner, name)):
            yield from resources(value, f"{path}.{name}")
        elif name.startswith("for_"):
            yield from resources(getattr(owner, name)("x"), f'{path}.{name}("x")')


@pytest.mark.parametrize("app", APPS)
def test_signatures_say_what_callers_give_and_get(app: str) -> None:
    assert len(methods(app)) > 80
    for path, method, returns in methods(app):
        shown = str(inspect.signature(method))
        plain = shown.replace("Mapping[str, typing.Any]", "")  # JSON
        assert not re.search(r"\b(Operation|Steps|Awaitable|Many|Pages|Any)\b", plain), (path, shown)
        for parameter in inspect.signature(method).parameters.values():
            assert parameter.annotation is not parameter.empty, (path, parameter)
            assert parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY), (path, parameter)
        assert returns is not inspect.Signature.empty, path


@pytest.mark.parametrize("kind", ["Client", "Server", "Admin"])
def test_async_methods_are_coroutine_functions_with_the_same_signature(kind: str) -> None:
    blocking, awaiting = methods(kind), methods(f"Async{kind}")
    assert [each.path for each in blocking] == [each.path for each in awaiting]
    for one, other in zip(blocking, awaiting, strict=True):
        assert inspect.iscoroutinefunction(other.method) is not other.is_stream, one.path
        assert not inspect.iscoroutinefunction(one.method), one.path
        assert list(inspect.signature(one.method).parameters.values()) == list(
            inspect.signature(other.method).parameters.values()
        ), one.path
        if one.is_stream:
            names = {Page: AsyncPages, Outcomes: AsyncOutcomes}
            assert names[typing.get_origin(one.returns)] is typing.get_origin(other.returns), one.path
            assert typing.get_args(one.returns) == typing.get_args(other.returns), one.path
        else:
            assert one.returns == other.returns, one.path


@pytest.mark.parametrize("app", APPS)
def test_help_speaks_of_the_method_and_its_endpoint(app: str) -> None:
    for path, method, _ in methods(app):
        name = path.rpartition(".")[2]
        shown = pydoc.plain(pydoc.render_doc(method))
        assert re.search(rf"^(async )?{name}\(", shown, re.MULTILINE), path
        assert " -> " in shown, path
        words = inspect.getdoc(method) or ""
        assert len(words.partition("\n")[0]) > 10, path
        assert ENDPOINT.search(words) or path in NO_REQUEST, path
        assert not re.search(r"\b(Operation|Steps)\b", shown), path


@pytest.fixture(autouse=True, scope="module")
def _jedi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache that no other process writes to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jedi.settings, "cache_directory", tmp_path_factory.mktemp("jedi"))
        yield


def written(app: str, line: str) -> jedi.Script:
    """Write a program that uses an app. One per question, as in editors: inference stops after some executions."""
    return jedi.Script(f"import hexclave\nasync def use(app: hexclave.{type(APPS[app]).__name__}) -> None:\n    {line}")


@pytest.mark.parametrize("app", APPS)
def test_editors_complete_exactly_the_resources_and_methods(app: str) -> None:
    for expression, owner in resources(APPS[app], "app"):
        offered = {each.name for each in written(app, f"{expression}.").complete() if not each.name.startswith("_")}
        assert offered == {name for name in dir(owner) if not name.startswith("_")}, expression


@pytest.mark.parametrize("app", APPS)
def test_editors_show_signatures_and_docstrings(app: str) -> None:
    for path, method, _ in methods(app):
        (shown,) = written(app, f"app.{path}(").get_signatures()
        assert shown.name == method.__name__, path
        assert [param.name for param in shown.params] == list(inspect.signature(method).parameters), path
        assert (inspect.getdoc(method) or "no docstring") in shown.docstring(raw=True), path


@pytest.mark.parametrize("app", APPS)
def test_editors_infer_results_and_loop_variables(app: str) -> None:
    is_async = app.startswith("Async")
    for each in methods(app):
        if each.is_stream:
            line = f"{'async ' if is_async else ''}for result in app.{each.path}(): result"
        else:
            line = f"result = {'await ' if is_async else ''}app.{each.path}(); result"
        inferred = {found.name for found in written(app, line).infer(3, len(line))}
        assert inferred == set(_names(each)), (each.path, line)


def _names(member: Member) -> Iterator[str]:
    """Return the possible classes of a result or an item."""
    if not member.is_stream:
        yield from _classes(member.returns)
    elif typing.get_origin(member.returns) in (Outcomes, AsyncOutcomes):
        yield from ("Success", "Failure")
    else:
        yield from _classes(typing.get_args(member.returns)[0])


def _classes(annotation: Any) -> Iterator[str]:
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        for option in typing.get_args(annotation):
            yield from _classes(option)
    else:
        yield "NoneType" if annotation is None else (typing.get_origin(annotation) or annotation).__name__

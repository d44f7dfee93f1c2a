"""Operations lifted to methods of resources: arguments and words are those of the generated function."""

import functools
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar, cast

import attrs

from hexclave._call import Resource, call, pages, signature_of
from hexclave._exchange import exchange
from hexclave._steps import Steps
from hexclave.errors import HexclaveError
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.pagination import PageReply, Pages, Part
from hexclave_api.reading import nothing

if TYPE_CHECKING:
    import inspect

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
D = TypeVar("D", bound=Callable[..., Any])

PAGE_SIZE: Final = 100
"""Items a page where nobody says otherwise: the API refuses to send more than 1,000 at once."""


# -- methods


def performs(operation: Callable[P, Operation[T]]) -> call[P, T]:
    """A method with the arguments of `operation`, which performs it."""

    def describe(_: Resource[Any], /, *args: P.args, **kwargs: P.kwargs) -> Operation[T]:
        return operation(*args, **kwargs)

    return call(method(operation, describe))


def does(operation: Callable[P, Operation[object]]) -> call[P, None]:
    """A method with the arguments of `operation`, which performs it; success is all that its reply says."""

    def describe(_: Resource[Any], /, *args: P.args, **kwargs: P.kwargs) -> Operation[None]:
        return silent(operation(*args, **kwargs))

    return call(method(operation, describe))


def gives(operation: Callable[P, Operation[R]], take: Callable[[R], T]) -> call[P, T]:
    """A method with the arguments of `operation`, which performs it and returns what `take` makes of the result."""

    def describe(_: Resource[Any], /, *args: P.args, **kwargs: P.kwargs) -> Operation[T]:
        return mapped(operation(*args, **kwargs), take)

    return call(method(operation, describe))


def finds(operation: Callable[P, Operation[T]], *absent: type[HexclaveError]) -> call[P, T | None]:
    """A method with the arguments of `operation`, which performs it; `None` where the API says `absent`."""

    def describe(resource: Resource[Any], /, *args: P.args, **kwargs: P.kwargs) -> Steps[T | None]:
        return found(exchange(resource._context, operation(*args, **kwargs)), *absent)  # noqa: SLF001 - part of it

    return call(method(operation, describe))


def paginates(operation: Callable[P, Operation[PageReply[T]]]) -> pages[P, T]:
    """A method with the arguments of `operation`, which lists all pages that it begins."""

    def describe(_: Resource[Any], /, *args: P.args, **kwargs: P.kwargs) -> Pages[T]:
        return begun(operation, *args, **kwargs)

    return pages(method(operation, describe))


def lists(
    operation: Callable[P, Operation[R]],
    items: Callable[[R], Sequence[T]],
    next_cursor: Callable[[R], str | None] = lambda _: None,
) -> pages[P, T]:
    """`paginates` for a list whose reply has a form of its own."""

    def reshaped(*args: P.args, **kwargs: P.kwargs) -> Operation[PageReply[T]]:
        return mapped(operation(*args, **kwargs), lambda reply: Part(items(reply), next_cursor(reply)))

    return paginates(_named(operation, reshaped, lambda parameters: parameters))


# -- operations


def mine(operation: Callable[Concatenate[str, P], Operation[T]]) -> Callable[P, Operation[T]]:
    """`operation` about the signed-in user, whose id is its first argument."""

    def described(*args: P.args, **kwargs: P.kwargs) -> Operation[T]:
        return operation("me", *args, **kwargs)

    return without_first(operation, described, 1)


def mapped(operation: Operation[R], take: Callable[[R], T]) -> Operation[T]:
    """`operation`, whose result is what `take` makes of it."""
    parse = operation.parse
    return cast(Operation[T], attrs.evolve(cast(Any, operation), parse=lambda data: take(parse(data))))


def silent(operation: Operation[object]) -> Operation[None]:
    """`operation` without its result."""
    return cast(Operation[None], attrs.evolve(cast(Any, operation), parse=nothing))


def begun(operation: Callable[P, Operation[PageReply[T]]], *args: P.args, **kwargs: P.kwargs) -> Pages[T]:
    """The pages of a list, as far as every server has pages of it.

    Where only newer servers know `limit`, they send the whole list unless it is given.
    """
    left_out = "limit" in operation.__annotations__ and kwargs.get("limit", UNSET) is UNSET
    if left_out and "limit" not in operation(*args, **kwargs).arguments_since:
        kwargs["limit"] = PAGE_SIZE

    def page(cursor: str | Unset) -> Operation[PageReply[T]]:
        if cursor is not UNSET:
            kwargs["cursor"] = cursor
        return operation(*args, **kwargs)

    return Pages(page)


def whole(operation: Operation[PageReply[T]]) -> Pages[T]:
    """The pages of a list that the API always sends as a whole."""
    return Pages(lambda _: operation)


def found(steps: Steps[T], *absent: type[HexclaveError]) -> Steps[T | None]:
    """What the steps end in, or `None` where they raise one of `absent`."""
    try:
        return (yield from steps)
    except absent:
        return None


# -- words and arguments


def without_first(operation: Callable[..., Any], bound: D, count: int) -> D:
    """`bound` under the name and words of `operation`, without its first `count` arguments."""
    named = _named(operation, bound, lambda parameters: parameters[count:])
    words = operation.__doc__ or ""
    for name in list(operation.__annotations__)[:count]:
        words = re.sub(rf"\n {{8}}{name}: .*(\n {{12}}.*)*", "", words)
    named.__doc__ = re.sub(r"\n {4}Args:\n(?! {8})", "", words)
    return named


def method(operation: Callable[..., Any], describe: D) -> D:
    return _named(operation, describe, _with_self)


def _with_self(parameters: list["inspect.Parameter"]) -> list["inspect.Parameter"]:
    from inspect import Parameter

    return [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD), *parameters]


def _named(
    operation: Callable[..., Any],
    describe: D,
    changed: Callable[[list["inspect.Parameter"]], list["inspect.Parameter"]],
) -> D:
    """`describe` under the name and words of `operation`; its parameters are changed when somebody asks for them."""

    def lifted_signature() -> "inspect.Signature":
        signature = signature_of(operation)
        return signature.replace(parameters=changed(list(signature.parameters.values())))

    functools.update_wrapper(describe, operation)
    describe.lifted_signature = lifted_signature  # type: ignore[attr-defined]
    return describe

"""`@call`: a method that describes a call becomes one that performs it, typed exactly in both modes.

See docs/decisions/0002-one-source-for-both-modes.md.
"""

import functools
import types
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from hexclave._context import Context
from hexclave._many import Many
from hexclave._steps import Done, Steps
from hexclave_api.operation import Operation
from hexclave_api.pagination import AsyncPages, Page, Pages

if TYPE_CHECKING:
    import inspect

    from hexclave.bulk import AsyncOutcomes, Outcomes

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


class Blocking:
    """The mode in which a method returns its result."""


class Awaiting:
    """The mode in which a method returns an awaitable of its result."""


Mode = TypeVar("Mode", Blocking, Awaiting)


class Performer(Protocol):
    """An app, as its resources see it."""

    _context: Context

    def _perform(self, described: Operation[Any] | Steps[Any] | Done[Any]) -> Any: ...
    def _list(self, pages: Pages[Any]) -> Any: ...
    def _many(self, many: Many[Any, Any]) -> Any: ...


class Offering(Generic[Mode]):
    """What an app mixes in to offer resources; itself it brings what a `Performer` has."""

    _context: Context

    if TYPE_CHECKING:

        def _perform(self, described: Operation[Any] | Steps[Any] | Done[Any]) -> Any: ...
        def _list(self, pages: Pages[Any]) -> Any: ...
        def _many(self, many: Many[Any, Any]) -> Any: ...


class Resource(Generic[Mode]):
    """Methods that belong together; their app performs what they describe."""

    def __init__(self, app: Performer) -> None:
        self._app = app

    @property
    def _context(self) -> Context:
        return self._app._context  # noqa: SLF001 - what an app shares with its resources


if TYPE_CHECKING:
    offers = property
else:

    class offers(property):  # noqa: N801 - it is used as a decorator
        """A property whose getter makes a resource of the app; from the second time on, without importing its class."""

        _kind = None

        def __get__(self, app: Performer | None, owner: type | None = None) -> Any:
            if app is None:
                return self
            if self._kind is None:
                self._kind = type(self.fget(app))
            return self._kind(app)


class Method:
    """A method that describes; the app, asked by its method named `_by`, performs what it describes."""

    _by: ClassVar[str]

    def __init__(self, describe: Callable[..., object]) -> None:
        self._describe = describe
        functools.update_wrapper(self, describe)

    def __call__(self, resource: Resource[Any], /, *args: Any, **kwargs: Any) -> Any:
        # A traceback with locals would show the passwords among the arguments, also where these are refused.
        try:
            described, refused = self._describe(resource, *args, **kwargs), None
        except Exception as error:
            described, refused = None, error.with_traceback(None)
            refused.__context__ = None
        del args, kwargs
        if refused is not None:
            raise refused
        return getattr(resource._app, self._by)(described)  # noqa: SLF001 - the descriptor is part of the resource

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            # Made when asked for: to make those of one resource takes as long as all else in importing it.
            if name != "__signature__":
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return signature_of(self._describe)


def signature_of(function: Callable[..., object]) -> "inspect.Signature":
    """Its own, or the one that it got from what it was lifted from; see `hexclave._lift`."""
    import inspect

    lifted: Callable[[], inspect.Signature] | None = getattr(function, "lifted_signature", None)
    return inspect.signature(function) if lifted is None else lifted()


class call(Method, Generic[P, T]):  # noqa: N801 - it is used as a decorator
    """Wraps a method of a resource that returns an `Operation`, or steps: a flow of several calls.

    Blocking apps get the result of the method, async apps an awaitable of it.
    """

    _by = "_perform"

    if TYPE_CHECKING:

        def __init__(self, describe: Callable[Concatenate[Any, P], Operation[T] | Steps[T] | Done[T]]) -> None: ...

    @overload
    def __get__(self, resource: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, resource: Resource[Blocking], owner: type | None = None) -> Callable[P, T]: ...
    @overload
    def __get__(self, resource: Resource[Awaiting], owner: type | None = None) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, resource: Resource[Any] | None, owner: type | None = None) -> Any:
        return self if resource is None else types.MethodType(self, resource)


class pages(Method, Generic[P, T]):  # noqa: N801 - it is used as a decorator
    """Wraps a method of a resource that returns `Pages`.

    Blocking apps get the first `Page`, which iterates through all of them; async apps get `AsyncPages`, to be awaited
    for the first page or iterated with `async for`.
    """

    _by = "_list"

    if TYPE_CHECKING:

        def __init__(self, describe: Callable[Concatenate[Any, P], Pages[T]]) -> None: ...

    @overload
    def __get__(self, resource: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, resource: Resource[Blocking], owner: type | None = None) -> Callable[P, Page[T]]: ...
    @overload
    def __get__(self, resource: Resource[Awaiting], owner: type | None = None) -> Callable[P, AsyncPages[T]]: ...
    def __get__(self, resource: Resource[Any] | None, owner: type | None = None) -> Any:
        return self if resource is None else types.MethodType(self, resource)


class bulk(Method, Generic[P, R, T]):  # noqa: N801 - it is used as a decorator
    """Wraps a method of a resource that returns `Many`.

    Blocking apps get `Outcomes`, async apps `AsyncOutcomes`.
    """

    _by = "_many"

    if TYPE_CHECKING:

        def __init__(self, describe: Callable[Concatenate[Any, P], Many[R, T]]) -> None: ...

    @overload
    def __get__(self, resource: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, resource: Resource[Blocking], owner: type | None = None) -> "Callable[P, Outcomes[R, T]]": ...
    @overload
    def __get__(
        self, resource: Resource[Awaiting], owner: type | None = None
    ) -> "Callable[P, AsyncOutcomes[R, T]]": ...
    def __get__(self, resource: Resource[Any] | None, owner: type | None = None) -> Any:
        return self if resource is None else types.MethodType(self, resource)

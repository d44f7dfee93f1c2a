"""The base class of all flows."""

from typing import ClassVar, TypeVar

from hexclave._engine.context import Context
from hexclave._steps import Steps
from hexclave.errors import HexclaveError
from hexclave_api.operation import AccessType

T = TypeVar("T")


class Flows:
    """Methods that return steps, operations, pages or bulk calls; rendered resources perform them."""

    resource: ClassVar[str]
    """The resource with these methods, such as `teams.api_keys`."""
    access: ClassVar[tuple[AccessType, ...]]
    """The access types whose apps have them."""

    def __init__(self, context: Context) -> None:
        self._context = context


def found(steps: Steps[T], *absent: type[HexclaveError]) -> Steps[T | None]:
    """Return the result of the steps, or `None` if they raise one of `absent`."""
    try:
        return (yield from steps)
    except absent:
        return None

"""What all flows have."""

from typing import ClassVar, TypeVar

from hexclave._engine.context import Context
from hexclave._steps import Steps
from hexclave.errors import HexclaveError
from hexclave_api.operation import AccessType

T = TypeVar("T")


class Flows:
    """Methods that return steps, operations, pages or bulk calls; rendered resources perform them."""

    resource: ClassVar[str]
    """The resource that has these methods, such as `teams.api_keys`."""
    access: ClassVar[tuple[AccessType, ...]]
    """The access types whose apps have them."""

    def __init__(self, context: Context) -> None:
        self._context = context


def found(steps: Steps[T], *absent: type[HexclaveError]) -> Steps[T | None]:
    """Return what the steps end in, or `None` where they raise one of `absent`."""
    try:
        return (yield from steps)
    except absent:
        return None

"""Classes whose attrs methods are defined on demand: reading a model needs none, and defining them dominates import
time.
"""

from threading import RLock
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from attrs import frozen as frozen
else:

    def frozen(declared: type) -> type:
        """`attrs.frozen`, deferred until one of its methods is needed. Immutability is inherited."""
        for name in ("__attrs_attrs__", "__init__", "__match_args__"):
            setattr(declared, name, _Late(declared, name))
        return declared


class _Late:
    """An attribute that triggers the definition by attrs when it is read."""

    def __init__(self, declared: type, name: str) -> None:
        self._declared = declared
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        with _DEFINING:
            if isinstance(vars(self._declared)["__match_args__"], _Late):
                _define(self._declared)
        found = vars(self._declared)[self._name]
        return found.__get__(instance, owner) if hasattr(found, "__get__") else found


_DEFINING: Final = RLock()


def _define(declared: Any) -> None:
    # Replaces the attributes one by one, so that other threads never see the class without one.
    attrs.frozen(declared, slots=False, repr=False, eq=False, init=True, match_args=False)
    fields = attrs.fields(declared)
    match_args = tuple([field.name for field in fields if field.init and not field.kw_only])
    setattr(declared, "__match_args__", match_args)  # noqa: B010 - type checkers refuse the assignment

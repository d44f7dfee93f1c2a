"""Classes whose attrs methods are defined on demand: reading a model needs none, and defining them dominates import
time.
"""

from threading import RLock
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from attrs import frozen as frozen
else:

    def frozen(declared: type | None = None, *, kw_only: bool = False) -> Any:
        """`attrs.frozen`, deferred until one of its methods is needed. Immutability is inherited."""
        if declared is None:
            return lambda declared: frozen(declared, kw_only=kw_only)
        for name in (*_ADDED, *_REFUSING) if declared.__base__ is object else _ADDED:
            setattr(declared, name, _Late(declared, name, kw_only))
        return declared


class _Late:
    """An attribute that triggers the definition by attrs when it is read."""

    def __init__(self, declared: type, name: str, kw_only: bool) -> None:
        self._declared = declared
        self._name = name
        self._kw_only = kw_only

    def __get__(self, instance: object, owner: type) -> Any:
        with _DEFINING:
            if isinstance(vars(self._declared)["__match_args__"], _Late):
                _define(self._declared, self._kw_only)
        found = vars(self._declared)[self._name]
        return found.__get__(instance, owner) if hasattr(found, "__get__") else found


_ADDED: Final = ("__attrs_attrs__", "__init__", "__match_args__")
_REFUSING: Final = ("__setattr__", "__delattr__")
_DEFINING: Final = RLock()


def _define(declared: Any, kw_only: bool) -> None:
    import attrs  # slow to load

    for name in _REFUSING:
        if name in vars(declared):  # attrs would take it for a method written by hand
            delattr(declared, name)
    # Replaces the attributes one by one, so that other threads never see the class without one.
    attrs.frozen(declared, slots=False, repr=False, eq=False, init=True, match_args=False, kw_only=kw_only)
    fields = attrs.fields(declared)
    match_args = tuple([field.name for field in fields if field.init and not field.kw_only])
    setattr(declared, "__match_args__", match_args)  # noqa: B010 - type checkers refuse the assignment

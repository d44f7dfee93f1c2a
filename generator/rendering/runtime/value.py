"""Immutable values that are compared, hashed and shown by their fields."""

from typing import Any, NoReturn, TypeVar, dataclass_transform

# By hand, because attrs and dataclasses each take longer to load than the rest of a first call.


@dataclass_transform(frozen_default=True)
class Value:
    """Base of values. Their `__init__` has a parameter for each field and puts the fields into `vars(self)`."""

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        from attrs.exceptions import FrozenInstanceError  # slow to load

        raise FrozenInstanceError

    def __delattr__(self, name: str) -> NoReturn:
        from attrs.exceptions import FrozenInstanceError

        raise FrozenInstanceError

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self) -> int:
        return hash((self.__class__, *vars(self).values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


V = TypeVar("V", bound=Value)


def evolve(value: V, **changes: Any) -> V:
    """Return a copy of `value` with these fields changed."""
    return value.__class__(**{**vars(value), **changes})

"""Random JSON for the models of the package, in every combination of null and omitted fields."""

import random
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from hexclave_api import models
from hexclave_api.model import Model
from hexclave_api.secret import Secret

MARK: Final = "marked-and-never-to-be-shown"
MODELS: Final[list[type[Model]]] = [getattr(models, name) for name in models.__all__]


def samples(model: type[Model], count: int = 4) -> Iterator[dict[str, Any]]:
    """Return objects as the API would send them, the same in every run; each has a field unknown to the models."""
    source = random.Random(model.__name__)
    for index in range(count):
        # The first has every field, the second as few as possible, the others a random selection.
        fill = 1.0 if index == 0 else 0.0 if index == 1 else 0.6
        yield sample(model, source, fill) | {"from_a_later_server": {"x": [index, None, "é"]}}


def sample(shape: Any, source: random.Random, fill: float) -> Any:
    origin, args = get_origin(shape), get_args(shape)
    if isinstance(shape, type) and issubclass(shape, Model):
        fields = [field for field in shape.layout().fields if not field.optional or source.random() < fill]
        found = {field.key: (field, sample(field.shape, source, fill)) for field in fields}
        # Null and left out are the same to a model where a field may be either.
        return {key: value for key, (field, value) in found.items() if value is not None or not field.optional}
    if origin is Annotated:
        return sample(args[0], source, fill)
    if origin in (Union, types.UnionType):
        options = [option for option in args if option is not types.NoneType]
        null = types.NoneType in args and source.random() >= fill
        return None if null else sample(source.choice(options), source, fill)
    if origin is Literal:
        return source.choice(args)
    if origin is tuple:
        return [sample(args[0], source, fill) for _ in range(1 if fill == 1 else source.randrange(3))]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: sample(args[1], source, fill) for name in ("a/b", "é")[: source.randrange(3)]}
    if shape is Any:
        return source.choice([None, {"nested": [1, "two", {}]}, "text", [], 1.5, False])
    return {
        str: source.choice(["", "text", "<b>&amp;", "é\n"]),
        Secret: MARK,
        bool: source.random() < 0.5,
        int: source.choice([0, -1, 1_900_000_000_000]),
        float: source.choice([0, 2, 0.25]),
    }[shape]

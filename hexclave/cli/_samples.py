"""Sample payloads of webhooks, made from the types of their models."""

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from hexclave_api.model import Model
from hexclave_api.secret import Secret
from hexclave_api.webhooks import EVENTS

_TEXTS: Final[Mapping[str, str]] = {
    "primary_email": "ada@example.com",
    "email": "ada@example.com",
    "display_name": "Ada Lovelace",
    "profile_image_url": "https://example.com/ada.png",
    "country_code": "GB",
    "id": "00000000-0000-4000-8000-000000000001",
}
_MILLIS: Final = 1_767_225_600_000


def sample_event(kind: str) -> dict[str, Any]:
    """Return an event of this type with every field that the API describes.

    Raises:
        KeyError: there is no such event.
    """
    event = _object(EVENTS[kind])
    return {**event, "type": kind}


def _object(model: type[Model]) -> dict[str, Any]:
    return {field.key: _value(field.shape, field.key) for field in model.layout().fields if not _only_null(field.shape)}


def _only_null(shape: Any) -> bool:
    return shape is type(None)


def _value(shape: Any, key: str) -> Any:
    origin, args = get_origin(shape), get_args(shape)
    if isinstance(shape, type) and issubclass(shape, Model):
        return _object(shape)
    if origin in (Union, UnionType):
        # A known value is better than arbitrary text, and anything is better than null.
        options = [each for each in args if each is not type(None)]
        return _value(next((each for each in options if get_origin(each) is Literal), options[0]), key)
    if origin is Annotated:
        return _value(args[0], key)
    if origin is Literal:
        return args[0]
    if origin is Mapping or shape is Any:
        return {}
    if origin in (tuple, Sequence, list):
        return [_value(args[0], key)]
    return _scalar(shape, key)


def _scalar(shape: Any, key: str) -> Any:
    if shape is bool:
        return False
    if shape is int:
        return _MILLIS if key.endswith("_millis") else 0
    if shape is float:
        return 0.0
    if shape is str or shape is Secret:
        ids = _TEXTS["id"] if key.endswith("_id") else f"sample {key.replace('_', ' ')}"
        return _TEXTS.get(key, ids)
    return None

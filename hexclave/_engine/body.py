"""Encoding of request bodies."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from hexclave.errors import UnsafeUseError
from hexclave_api.operation import UNSET, Operation
from hexclave_api.secret import Secret, revealed

WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


def content(operation: Operation[object]) -> bytes | None:
    """Return the encoded body, or `None` if there is none.

    Raises:
        UnsafeUseError: the body cannot be encoded.
    """
    if operation.body is UNSET:
        # Without a content type, the backend treats the body as missing and rejects it; it expects `{}`.
        return b"{}" if operation.method in WITH_BODY else None
    encoded = _encoded(operation)
    if isinstance(encoded, str):
        # Raised here, because the encoder's frames and errors contain the body.
        raise UnsafeUseError(f"{operation.name}: the body cannot be encoded: {encoded}.")
    return encoded


def _encoded(operation: Operation[object]) -> bytes | str:
    """Return the encoded body, or the reason as a `str` if it cannot be encoded."""
    body: Any = operation.body
    try:
        if operation.media_type == "application/x-www-form-urlencoded":
            from urllib.parse import urlencode  # slow to load

            texts = {name: value.reveal() if isinstance(value, Secret) else value for name, value in body.items()}
            return urlencode(texts).encode()
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=revealed).encode()
    except UnicodeEncodeError:
        return f"{_with_surrogate(body) or 'a text'} contains a lone surrogate, which is not a valid character"
    except RecursionError:
        return "it is nested too deeply"
    except (TypeError, ValueError) as error:
        return f"it is not JSON serializable: {error}"


def _with_surrogate(value: object, name: str = "") -> str | None:
    """Return the name of the first field whose text cannot be encoded as UTF-8."""
    if isinstance(value, str | Secret):
        text = value if isinstance(value, str) else value.reveal()
        return name if any("\ud800" <= character <= "\udfff" for character in text) else None
    fields: Iterable[tuple[str, object]] = ()
    if isinstance(value, Mapping):
        fields = ((str(key), each) for key, each in value.items())
    elif isinstance(value, (list, tuple)):
        fields = ((name, each) for each in value)
    return next((found for key, each in fields if (found := _with_surrogate(each, key))), None)

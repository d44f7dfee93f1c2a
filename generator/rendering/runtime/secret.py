"""Secret text, masked wherever Python prints, dumps or pickles it."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias, cast

if TYPE_CHECKING:
    from pydantic import SerializationInfo
    from pydantic_core import CoreSchema


class Secret:
    """A key or token. `reveal()` returns the text; everything else shows a mask.

    The mask ends in the last four characters of a text of 32 or more, in fewer for shorter ones, and in none below
    eight. Two secrets are equal when their texts are, compared in constant time; a `Secret` never equals a `str`. A
    copy is the same object. A pickle contains only the mask: `reveal()` raises on the unpickled object. `json.dumps`
    refuses it; `default=Secret.reveal` sends the text.

    Limits: frames that have the text in a local variable (where the secret was created or revealed) still show it; code
    that inspects function closures or memory finds it; memory is not wiped.

    Raises:
        TypeError: the text is not a `str`.
        ValueError: the text is empty.
    """

    # Debuggers and `vars()` list attributes, slots included, so the text itself must not be one.
    __slots__ = ("_read",)
    _read: Callable[[], str]

    def __init__(self, text: str, /) -> None:
        if not isinstance(text, str):
            raise TypeError(f"a secret must be a str, not {type(text).__name__}")
        if not text:
            raise ValueError("a secret must not be empty")
        self._read = lambda: text

    def reveal(self) -> str:
        """Return the text.

        Raises:
            ValueError: this secret was unpickled; pickles do not contain the text.
        """
        return self._read()

    def __str__(self) -> str:
        text = self.reveal()
        tail = text[len(text) - min(4, len(text) // 8) :]
        return f"****{tail}" if tail.isascii() and tail.isprintable() else "****"

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"

    def __format__(self, spec: str, /) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object, /) -> bool:
        if not isinstance(other, Secret) or isinstance(other, _Masked):
            return NotImplemented
        from hmac import compare_digest  # loads OpenSSL

        return compare_digest(_utf8(self), _utf8(other))

    def __hash__(self) -> int:
        return hash((Secret, self.reveal()))

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object, /) -> "Secret":
        return self

    def __reduce__(self) -> tuple[type["_Masked"], tuple[str]]:
        return _Masked, (str(self),)

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> "CoreSchema":
        from pydantic_core import PydanticSerializationUnexpectedValue, core_schema

        def write(value: object, info: "SerializationInfo") -> str:
            if not isinstance(value, Secret):
                raise PydanticSerializationUnexpectedValue(f"expected Secret, not {type(value).__name__}")
            return value.reveal() if asks_to_reveal(info.context) else str(value)

        return core_schema.no_info_wrap_validator_function(
            lambda value, validate: value if isinstance(value, Secret) else read_secret(validate(value)),
            core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(write, info_arg=True),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, *_: object) -> dict[str, str]:
        return {"type": "string", "format": "password"}


class _Masked(Secret):
    """A secret from a pickle or masked JSON: equal only to itself."""

    __slots__ = ("_mask",)

    def __init__(self, mask: str, /) -> None:
        self._mask = mask

    def reveal(self) -> NoReturn:
        raise ValueError(
            "this secret was pickled or written masked, which drops the text: create a new one from the text"
        )

    def __str__(self) -> str:
        return self._mask

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def read_secret(text: str) -> Secret:
    """Return the secret for a JSON text; a mask written by `str(secret)` stays a mask, and is never sent as a key."""
    return _Masked(text) if text.startswith("****") else cast(Secret, hidden(text))


def asks_to_reveal(context: object) -> bool:
    """Return true if the context of a pydantic serialisation is `{"reveal": True}`."""
    return isinstance(context, Mapping) and context.get("reveal") is True


SecretText: TypeAlias = str | Secret
"""An argument that is a secret; it is stored as a `Secret`."""


def hidden(value: Any) -> Any:
    """Return `value`, as a `Secret` if it is text. An empty text is left for the API to reject.

    Bytes become an empty object of a class with the same name: errors can say what was given, and no frame holds it.
    """
    if value.__class__ is not str:
        return type(value.__class__.__name__, (), {})() if value.__class__ in _BYTES else value
    secret = _new(Secret)
    secret._read = lambda: value  # noqa: SLF001 - past `__init__`, which refuses an empty text
    return secret


def hidden_in(value: Any, *names: str) -> Any:
    """Return a copy of `value` in which texts under these names are `Secret` objects."""
    if isinstance(value, Mapping):
        return {key: hidden(item) if key in names else hidden_in(item, *names) for key, item in value.items()}
    return [hidden_in(item, *names) for item in value] if isinstance(value, list | tuple) else value


def secrets_in(value: Any) -> Iterator[Secret]:
    """Return the secrets in `value`."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from secrets_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secrets_in(item)


def revealed(value: Any) -> Any:
    """Return the text of a secret, for encoders; refuse other types as they would.

    Raises:
        TypeError: it is not a secret.
    """
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_new: Final = object.__new__
_BYTES: Final = (bytes, bytearray)


def _utf8(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")

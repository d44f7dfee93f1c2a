"""Text that shows a mask wherever Python prints, dumps or pickles it."""

from collections.abc import Callable
from typing import NoReturn


class Secret:
    """A key or token. `reveal()` gives the text; everything else shows a mask.

    The mask ends in the last four characters of a text of 32 or more, in fewer of a shorter one, in none below eight.
    Two secrets are equal when their texts are, compared in constant time; a `Secret` never equals a `str`.
    A copy is the same object. A pickle carries the mask alone: `reveal()` of what is loaded from it raises.

    Limits: a frame that holds the text in a variable of its own (whoever created the secret or revealed it) still shows
    it; code that looks inside function closures or memory finds it; memory is not wiped.

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
        """The text.

        Raises:
            ValueError: this secret came out of a pickle, which holds back the text.
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


class _Masked(Secret):
    """What a pickle brings back: equal to nothing but itself."""

    __slots__ = ("_mask",)

    def __init__(self, mask: str, /) -> None:
        self._mask = mask

    def reveal(self) -> NoReturn:
        raise ValueError("this secret was pickled, which holds back its text: create it anew from the text")

    def __str__(self) -> str:
        return self._mask

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def _utf8(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")

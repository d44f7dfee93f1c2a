"""Cookies: parsing, attributes, and values that are larger than one cookie can be."""

from collections.abc import Mapping
from typing import Final

from hexclave.errors import UnsafeUseError

CHUNK: Final = 3_500
"""Characters of a cookie's value. Browsers allow 4,096 bytes for name, value and attributes together."""
_MOST_CHUNKS: Final = 5
_NAME: Final = "{}.{}"


def parse(header: str) -> dict[str, str]:
    """Return the cookies of a request. The first of two with the same name counts: it has the longer path."""
    cookies: dict[str, str] = {}
    for part in header.split(";"):
        name, found, value = part.strip().partition("=")
        if found:
            cookies.setdefault(name, value.strip('"'))
    return cookies


def joined(cookies: Mapping[str, str], name: str) -> str | None:
    """Return the value of the cookie, put together from its chunks; `None` if it or one of them is missing."""
    if name in cookies:
        return cookies[name]
    count, _, first = cookies.get(_NAME.format(name, 0), "").partition("~")
    if not count.isascii() or not count.isdecimal() or not 1 < int(count[:2]) <= _MOST_CHUNKS:
        return None
    rest = [cookies.get(_NAME.format(name, number)) for number in range(1, int(count[:2]))]
    return None if None in rest else "".join([first, *filter(None, rest)])


def written(name: str, value: str, cookies: Mapping[str, str], *, max_age: int, secure: bool) -> list[str]:
    """Return the `Set-Cookie` headers that store the value and delete the remains of an older one.

    An empty value deletes the cookie.

    Raises:
        UnsafeUseError: the value is too large for cookies.
    """
    chunks = [value[start : start + CHUNK] for start in range(0, len(value), CHUNK)]
    if len(chunks) > _MOST_CHUNKS:
        raise UnsafeUseError(
            f"The session has {len(value):,} characters, too many for cookies: keep sessions on the server, for "
            "example with RedisSessions."
        )
    if len(chunks) > 1:
        chunks[0] = f"{len(chunks)}~{chunks[0]}"
        new = {_NAME.format(name, number): chunk for number, chunk in enumerate(chunks)}
    else:
        new = dict.fromkeys([name], value) if value else {}
    old = {each for each in cookies if each == name or each.startswith(f"{name}.")} - new.keys()
    attributes = f"Path=/; {'Secure; ' if secure else ''}HttpOnly; SameSite=Lax"
    return [
        *(f"{each}={chunk}; Max-Age={max_age}; {attributes}" for each, chunk in new.items()),
        *(f"{each}=; Max-Age=0; {attributes}" for each in sorted(old)),
    ]

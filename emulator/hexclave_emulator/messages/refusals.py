"""Error replies, raised as exceptions from anywhere below the router."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from hexclave.errors._known import BY_CODE
from hexclave_emulator.messages.exchange import Reply, ok, text


class Refusal(Exception):
    """Ends the request with `reply`. Its changes are rolled back, unless it is raised as `refusal.keeping()`."""

    def __init__(self, reply: Reply, *, code: str | None = None) -> None:
        super().__init__(code or reply.content.decode("utf-8", "replace"))
        self.reply = reply
        self.code = code
        self.keep = False

    def keeping(self) -> "Refusal":
        """Return this refusal with everything written so far kept: a wrong guess still counts as an attempt."""
        self.keep = True
        return self


def known(code: str, message: str | None = None, /, **details: Any) -> Refusal:
    """Return the known error with this code; `raise known("TEAM_NOT_FOUND", team_id=…)`.

    Status and default wording come from the SDK's own class for the code.
    """
    error = BY_CODE[code]
    if error.status is None:
        raise LookupError(f"{code} is a base class, which the API never sends")
    words = message or (error.__doc__ or code).strip().split("\n")[0]
    body = {"code": code, **({"details": details} if details else {}), "error": words}
    return Refusal(ok(body, status=error.status, headers={"x-stack-known-error": code}), code=code)


def plain(status: int, message: str) -> Refusal:
    """Return an error without a code: only its text is sent, so use the API's own."""
    return Refusal(text(message, status=status))


def schema_error(method: str, path: str, faults: list[str]) -> Refusal:
    """Return SCHEMA_ERROR, with one line per fault."""
    message = "\n".join([f"Request validation failed on {method} {path}:", *(f"  - {fault}" for fault in faults)])
    return known("SCHEMA_ERROR", message, message=message)


@contextmanager
def unguarded(release: str) -> Iterator[None]:
    """Emulate the servers of April 2026, which fail inside the block where newer ones refuse."""
    try:
        yield
    except Refusal:
        if release == "2026-04":
            raise plain(500, "Something went wrong.") from None
        raise


def unreachable(what: str) -> NoReturn:
    """Return an error for a case that an earlier check rules out."""
    raise AssertionError(what)

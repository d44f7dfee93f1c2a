"""The root of all errors, and the one for calls that were refused before any I/O."""

from typing import TYPE_CHECKING, Any, ClassVar

from .error_text import one_line, safe_text
from .secret import Secret, hidden

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .operation import JsonValue


class HexclaveError(Exception):
    """Base class of all errors raised by the SDK.

    Error texts never contain keys or tokens: anything that looks like one is masked, including in text from the server.
    Errors can be copied and pickled, including their notes, but not their traceback and cause.
    """

    __module__ = "hexclave.errors"

    hint: ClassVar[str] = ""
    """Advice for errors of this class; empty if there is no general advice."""

    message: str
    """The description of the problem, possibly several lines, at most 2,000 characters."""
    status: int | None = None
    """The HTTP status of the reply; `None` without a reply."""
    code: str | None = None
    """The API's name for the error, such as `USER_NOT_FOUND`, even if unknown to this version."""
    details: "Mapping[str, JsonValue | Secret]"
    """The details as sent by the server, secrets as `Secret`; empty if it sent none."""
    request_id: str | None = None
    """The server's id of the request, useful when asking its operators."""
    operation: str | None = None
    """Name of the operation, such as `get_user`; useful to group errors."""
    client_request_id: str | None = None
    """The caller's own ID of the call, if it was given one."""
    method: str | None = None
    path: str | None = None
    host: str | None = None
    """The URL of the request, if it may be the cause: there was no usable reply, or the project is unknown."""
    attempts: int = 0
    """The number of requests made before giving up; 0 if the call was refused before any I/O."""
    retry_after: float | None = None
    """Seconds to wait before trying again, if the server gave a time."""

    _detail_names: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        details: "Mapping[str, JsonValue | Secret] | None" = None,
        request_id: str | None = None,
        method: str | None = None,
        path: str | None = None,
        attempts: int = 0,
        retry_after: float | None = None,
    ) -> None:
        self.message = safe_text(message)
        super().__init__(self.message)
        if status is not None:
            self.status = status
        if code is not None:
            self.code = code
        secrets = {each.key for name in self._detail_names if (each := getattr(type(self), name)).kind is Secret}
        self.details = {key: hidden(value) if key in secrets else value for key, value in (details or {}).items()}
        self.request_id = request_id
        self.method = method
        self.path = path
        self.attempts = attempts
        self.retry_after = retry_after

    def __init_subclass__(cls) -> None:
        # Tracebacks and pickles use the public module, so classes can move between private ones.
        if cls.__module__.startswith("hexclave.errors."):
            cls.__module__ = "hexclave.errors"

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy has its own list of notes: callers that each raise a copy must not modify one another's.
        return (
            type(self),
            self.args,
            {name: list(value) if name == "__notes__" else value for name, value in vars(self).items()},
        )

    def __str__(self) -> str:
        ids = [("request id", self.request_id), ("client request id", self.client_request_id)]
        facts = [self._outcome, self._request, *(one_line(f"{name} {text}") for name, text in ids if text)]
        text = ", ".join(filter(None, facts))
        return f"{one_line(self.message)} ({text})" if text else one_line(self.message)

    def __repr__(self) -> str:
        names = ("status", "code", "method", "path", "request_id", "client_request_id", "attempts", "retry_after")
        given = [f"{name}={_shown(value)}" for name in names if (value := getattr(self, name))]
        return f"{type(self).__name__}({', '.join([repr(one_line(self.message)), *given])})"

    def explain(self) -> str:
        """Describe the error in several lines: what happened, to which request, what was tried and what to do.

        Secret details are omitted.
        """
        rows = [
            ("request", self._request),
            ("reply", self._outcome),
            ("request id", one_line(self.request_id or "")),
            ("client request id", one_line(self.client_request_id or "")),
            *((name, self._shown_detail(name)) for name in self._detail_names),
            ("retry after", f"{self.retry_after:g} s" if self.retry_after is not None else ""),
            *(("note", one_line(str(note))) for note in getattr(self, "__notes__", ())),
            ("what to do", self.hint),
        ]
        head = "\n  ".join(f"{type(self).__name__}: {self.message}".split("\n"))
        return "\n".join([head, *(f"  {name}: {text}" for name, text in rows if text)])

    @property
    def _outcome(self) -> str:
        return " ".join(one_line(str(fact)) for fact in (self.status, self.code) if fact is not None)

    @property
    def _request(self) -> str:
        request = one_line(f"{self.method or ''} {self.path or ''}")
        if self.host:
            request += f" at {self.host}"
        return f"{request} after {self.attempts} attempts" if request and self.attempts > 1 else request

    def _shown_detail(self, name: str) -> str:
        value = getattr(self, name)
        if value is None or isinstance(value, Secret) or str(value) in self.message:
            return ""
        return one_line(str(value))


class UnsafeUseError(HexclaveError, ValueError):
    """The call was refused before any I/O, because it cannot succeed or would send a secret to the wrong place."""

    __module__ = "hexclave.errors"

    hint = "Nothing was sent. Change the call as the message says."


def _shown(value: object) -> str:
    return repr(one_line(value)) if isinstance(value, str) else repr(value)

"""Status, headers and request ID of the replies behind a call; see `with_reply` of an app."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import attrs

__all__ = ["ReplyInfo", "WithReply"]

T = TypeVar("T")


@attrs.frozen
class ReplyInfo:
    """The last reply to a request. All values are safe to log."""

    operation: str
    method: str
    url: str
    """Without the query, which may contain secrets."""
    status: int
    headers: Mapping[str, str]
    """Names are in lower case. Values of headers that may carry secrets, such as `set-cookie`, are redacted."""
    request_id: str | None
    """The API's ID of the request."""
    attempts: int
    """The number of attempts made, including the last."""


@attrs.frozen(repr=False)
class WithReply(Generic[T]):
    """The result of a call and the replies behind it."""

    value: T
    """The result of the method itself."""
    replies: Sequence[ReplyInfo]
    """One for each request of the call, in order. A page adds those of the following pages as they are loaded."""

    @property
    def last(self) -> ReplyInfo:
        """The last reply.

        Raises:
            LookupError: the call made no request with the app passed to it.
        """
        if not self.replies:
            raise LookupError("The call made no request with the app that the function was given.")
        return self.replies[-1]

    @property
    def status(self) -> int:
        """HTTP status of the last reply."""
        return self.last.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the last reply, with secrets redacted."""
        return self.last.headers

    @property
    def request_id(self) -> str | None:
        """The API's ID of the last request."""
        return self.last.request_id

    @property
    def attempts(self) -> int:
        """Attempts of the last request."""
        return self.last.attempts

    def __repr__(self) -> str:
        return f"<WithReply: {type(self.value).__name__} from {len(self.replies)} replies>"

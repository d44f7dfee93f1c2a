"""Errors of analytics queries and session replays."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, ConflictError, KnownError


class AnalyticsNotEnabled(KnownError, BadRequestError):
    """Analytics is not enabled for the project."""

    code: str | None = "ANALYTICS_NOT_ENABLED"
    hint = "Enable analytics in the project."


class AnalyticsQueryError(KnownError, BadRequestError):
    """The database rejected the query."""

    code: str | None = "ANALYTICS_QUERY_ERROR"
    error: str | None = detail(str)


class AnalyticsQueryTimeout(KnownError, BadRequestError):
    """The query timed out."""

    code: str | None = "ANALYTICS_QUERY_TIMEOUT"
    hint = "Narrow the query, or raise its timeout."
    timeout_ms: int | None = detail(int)


class SessionReplayRenderLimitReached(KnownError, ConflictError):
    """The project's limit of concurrent session replay renders is reached."""

    code: str | None = "SESSION_REPLAY_RENDER_LIMIT_REACHED"
    hint = "Wait for one of them to finish."
    limit: int | None = detail(int)

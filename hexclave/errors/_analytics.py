"""Analytics queries and session replays."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, ConflictError, KnownError


class AnalyticsNotEnabled(KnownError, BadRequestError):
    """The project has analytics switched off."""

    code = "ANALYTICS_NOT_ENABLED"
    hint = "Switch analytics on in the project."


class AnalyticsQueryError(KnownError, BadRequestError):
    """The database refused the query."""

    code = "ANALYTICS_QUERY_ERROR"
    error = detail(str)


class AnalyticsQueryTimeout(KnownError, BadRequestError):
    """The query ran longer than it may."""

    code = "ANALYTICS_QUERY_TIMEOUT"
    hint = "Narrow the query, or allow it more time."
    timeout_ms = detail(int)


class SessionReplayRenderLimitReached(KnownError, ConflictError):
    """The project renders as many session replays as it may at once."""

    code = "SESSION_REPLAY_RENDER_LIMIT_REACHED"
    hint = "Wait until one of them is done."
    limit = detail(int)

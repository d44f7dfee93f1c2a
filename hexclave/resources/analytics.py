"""What happens in the project, as figures."""

from collections.abc import Mapping
from datetime import timedelta

from hexclave._call import Mode, Resource, call
from hexclave._lift import performs
from hexclave_api.models import AnalyticsQueryResult, AnalyticsQueryTiming, BrowserAction
from hexclave_api.operation import UNSET, JsonValue, Operation, Unset
from hexclave_api.operations import analytics, sessions
from hexclave_api.times import duration_millis


class Analytics(Resource[Mode]):
    """Queries of the project's events."""

    @call
    def query(
        self, query: str, *, params: Mapping[str, JsonValue] | Unset = UNSET, timeout: timedelta | Unset = UNSET
    ) -> Operation[AnalyticsQueryResult]:
        """The rows that a read-only ClickHouse query selects. POST /analytics/query.

        `params` are the values for `{name:Type}` in the query. The server gives it ten seconds unless `timeout` says
        otherwise; the project's plan may allow less.

        Raises:
            AnalyticsQueryError: ClickHouse refuses the query.
            AnalyticsQueryTimeout: it ran out of time.
            AnalyticsNotEnabled: the project does not use analytics.
        """
        return analytics.run_analytics_query(query=query, params=params, timeout_ms=duration_millis(timeout, "timeout"))

    @call
    def get_query_timing(self, query_id: str) -> Operation[AnalyticsQueryTiming]:
        """What a query cost, by the `query_id` of its result. POST /analytics/query/timing."""
        return analytics.get_analytics_query_timing(query_id=query_id)

    @call
    def create_clickmap_link(self, *, origin: str, expires_in: timedelta | Unset = UNSET) -> Operation[BrowserAction]:
        """A link that works once and shows, on a trusted origin, where users click. POST /browser-actions.

        The link lives for `expires_in`, five minutes when left out.
        """
        return sessions.create_browser_action(
            type_="clickmap-overlay", origin=origin, expires_in_millis=duration_millis(expires_in, "expires_in")
        )


class AdminAnalytics(Analytics[Mode]):
    """Queries of the project's events, and the figures of the dashboard."""

    get_metrics = performs(analytics.get_metrics)
    get_user_counts = performs(analytics.get_user_counts)
    get_plan_usage = performs(analytics.get_plan_usage)
    get_clickmap = performs(analytics.get_clickmap)
    create_clickmap_token = performs(analytics.create_clickmap_token)
    get_user_activity = performs(analytics.get_user_activity)

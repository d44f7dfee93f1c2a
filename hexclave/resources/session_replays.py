"""Recorded visits: what happened in a user's browser."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hexclave._call import Mode, Resource, call, pages
from hexclave._lift import begun, gives, lists, paginates, performs
from hexclave._steps import Steps
from hexclave._waiting import until
from hexclave_api.models import SessionReplay, SessionReplayRender
from hexclave_api.operation import UNSET, Unset
from hexclave_api.operations import session_replays
from hexclave_api.pagination import Pages
from hexclave_api.times import duration_millis, moment_millis


class SessionReplays(Resource[Mode]):
    """The project's recorded visits, and videos of them."""

    get = performs(session_replays.get_session_replay)
    list_chunks = paginates(session_replays.list_session_replay_chunks)
    get_chunk_events = gives(session_replays.get_session_replay_chunk_events, lambda recorded: recorded.events)
    get_events = performs(session_replays.get_session_replay_events)
    list_renders = lists(session_replays.list_session_replay_renders, lambda reply: reply.items)
    get_render = performs(session_replays.get_session_replay_render)
    start_render = performs(session_replays.create_session_replay_render)

    @pages
    def list(
        self,
        *,
        user_ids: Sequence[str] | Unset = UNSET,
        team_ids: Sequence[str] | Unset = UNSET,
        shortest: timedelta | Unset = UNSET,
        longest: timedelta | Unset = UNSET,
        last_event_from: datetime | Unset = UNSET,
        last_event_until: datetime | Unset = UNSET,
        click_count_min: int | Unset = UNSET,
        limit: int | Unset = UNSET,
    ) -> Pages[SessionReplay]:
        """Recorded visits, the most recently active first. GET /session-replays.

        Only those of these users or of members of these teams, at least `shortest` and at most `longest` long, with
        their last event in a span of time (both ends need a timezone), with so many clicks.

        Raises:
            ItemNotFound: the list changed so that the next page has no beginning any more.
        """
        return begun(
            session_replays.list_session_replays,
            limit=limit,
            user_ids=user_ids,
            team_ids=team_ids,
            duration_ms_min=duration_millis(shortest, "shortest"),
            duration_ms_max=duration_millis(longest, "longest"),
            last_event_at_from_millis=moment_millis(last_event_from, "last_event_from"),
            last_event_at_to_millis=moment_millis(last_event_until, "last_event_until"),
            click_count_min=click_count_min,
        )

    @call
    def wait_for_render(
        self,
        session_replay_id: str,
        render_id: str,
        *,
        poll_every: timedelta = timedelta(seconds=5),
        within: timedelta = timedelta(minutes=15),
    ) -> Steps[SessionReplayRender]:
        """The rendering when it has ended: `status` is `succeeded` (then `video` is there) or `failed`.

        GET /session-replays/{session_replay_id}/renders/{render_id}, again and again.

        Raises:
            TotalTimeout: it is still going on.
            ItemNotFound: there is no such rendering.
        """
        return until(
            self._context,
            session_replays.get_session_replay_render(session_replay_id, render_id),
            lambda render: render.status not in ("queued", "rendering"),
            every=poll_every,
            within=within,
        )

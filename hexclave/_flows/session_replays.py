"""Recorded visits: what happened in a user's browser."""

from datetime import timedelta

from hexclave._engine.polling import poll_until
from hexclave._flows.base import Flows
from hexclave._steps import Steps
from hexclave_api.models import SessionReplayRender
from hexclave_api.operations import session_replays


class SessionReplayFlows(Flows):
    """The project's recorded visits, and videos of them."""

    resource = "session_replays"
    access = ("server", "admin")

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
        return poll_until(
            self._context,
            session_replays.get_session_replay_render(session_replay_id, render_id),
            lambda render: render.status not in ("queued", "rendering"),
            every=poll_every,
            within=within,
        )

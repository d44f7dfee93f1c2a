"""Session replays: recordings of a user's browser."""

from datetime import timedelta

from hexclave._engine.polling import poll_until
from hexclave._flows.base import Flows
from hexclave._steps import Steps
from hexclave_api.models import SessionReplayRender
from hexclave_api.operations import session_replays


class SessionReplayFlows(Flows):
    """The project's session replays, and videos of them."""

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
        """Wait until the render has ended: `status` is `succeeded` (and `video` is set) or `failed`.

        GET /session-replays/{session_replay_id}/renders/{render_id}, repeatedly.

        Raises:
            TotalTimeout: the render is still in progress.
            ItemNotFound: the render does not exist.
        """
        return poll_until(
            self._context,
            session_replays.get_session_replay_render(session_replay_id, render_id),
            lambda render: render.status not in ("queued", "rendering"),
            every=poll_every,
            within=within,
        )

"""Teams and their members."""

from typing import Any, Final

import attrs

from hexclave_emulator.checking.rules import URL, at_most
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.state.tables import State, table


@attrs.frozen(kw_only=True)
class Team:
    id: str
    project_id: str
    display_name: str
    created_at_millis: int
    profile_image_url: str | None = None
    client_metadata: Any = None
    client_read_only_metadata: Any = None
    server_metadata: Any = None


@attrs.frozen(kw_only=True)
class Membership:
    id: str
    project_id: str
    team_id: str
    user_id: str
    created_at_millis: int
    display_name: str | None = None
    """The member's name in this team; defaults to the user's own name."""
    profile_image_url: str | None = None


PICTURE_URL: Final = URL & at_most(1_000_000)

TEAMS: Final = table("teams", Team, indexes=("project_id",))
MEMBERSHIPS: Final = table("memberships", Membership, indexes=("team_id", "user_id"))


def team_view(team: Team, *, as_client: bool) -> JsonObject:
    """Return the team as seen by clients or servers."""
    view: JsonObject = {
        "id": team.id,
        "display_name": team.display_name,
        "profile_image_url": team.profile_image_url,
        "client_metadata": team.client_metadata,
        "client_read_only_metadata": team.client_read_only_metadata,
    }
    if not as_client:
        view |= {"server_metadata": team.server_metadata, "created_at_millis": team.created_at_millis}
    return view


def find_team(state: State, project_id: str, team_id: str) -> Team:
    """Return the team of this project; TEAM_NOT_FOUND if there is none."""
    team = state[TEAMS].get(team_id)
    if team is None or team.project_id != project_id:
        raise known("TEAM_NOT_FOUND", team_id=team_id)
    return team


def membership(state: State, team_id: str, user_id: str) -> Membership | None:
    """Return the user's membership in the team."""
    return state[MEMBERSHIPS].first(team_id=team_id, user_id=user_id)

"""Who is in a team, and how they appear in it."""

from hexclave._call import Mode, Resource, call, pages
from hexclave._lift import does, performs, whole
from hexclave_api.models import ServerTeamMemberProfile, TeamMemberProfile
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import teams
from hexclave_api.pagination import Pages


class TeamMembers(Resource[Mode]):
    """The members of the signed-in user's teams."""

    remove = does(teams.remove_team_member)

    @pages
    def list(self, team_id: str) -> Pages[TeamMemberProfile]:
        """The profiles of the team's members; needs the permission `$read_members`. GET /team-member-profiles."""
        return whole(teams.list_team_member_profiles(team_id=team_id))

    @call
    def get(self, team_id: str, user_id: str = "me") -> Operation[TeamMemberProfile]:
        """How a member, by default the signed-in user, appears in the team.

        GET /team-member-profiles/{team_id}/{user_id}.
        """
        return teams.get_team_member_profile(team_id, user_id)

    @call
    def update(
        self, team_id: str, *, display_name: str | Unset = UNSET, profile_image_url: str | Unset | None = UNSET
    ) -> Operation[TeamMemberProfile]:
        """How the signed-in user appears in the team from now on. PATCH /team-member-profiles/{team_id}/me.

        `profile_image_url` is a URL, or the picture as a base64 data URL under 100 KB; `None` removes it.
        """
        return teams.update_team_member_profile(
            team_id, "me", display_name=display_name, profile_image_url=profile_image_url
        )


class ServerTeamMembers(Resource[Mode]):
    """The members of any team."""

    add = performs(teams.add_team_member)
    remove = does(teams.remove_team_member)
    get = performs(teams.get_team_member_profile_as_server)
    update = performs(teams.update_team_member_profile_as_server)

    @pages
    def list(self, team_id: str | Unset = UNSET, *, user_id: str | Unset = UNSET) -> Pages[ServerTeamMemberProfile]:
        """The members of a team, or the memberships of a user; each has its `user`. GET /team-member-profiles."""
        return whole(teams.list_team_member_profiles_as_server(team_id=team_id, user_id=user_id))

"""Invitations to teams, sent by e-mail."""

from hexclave._call import Mode, Resource, call, pages
from hexclave._lift import silent, whole
from hexclave_api.models import SentTeamInvitation, TeamInvitation, TeamInvitationDetails
from hexclave_api.operation import Operation
from hexclave_api.operations import team_invitations
from hexclave_api.pagination import Pages
from hexclave_api.secret import SecretText


class _AnyTeamInvitations(Resource[Mode]):
    @pages
    def list(self, team_id: str) -> Pages[TeamInvitation]:
        """The team's open invitations. GET /team-invitations.

        Clients need the permissions `$read_members` and `$invite_members`.
        """
        return whole(team_invitations.list_team_invitations(team_id=team_id))

    @call
    def send(self, team_id: str, *, email: str, callback_url: str) -> Operation[SentTeamInvitation]:
        """Invites whoever owns the address; the invitation is good for seven days. POST /team-invitations/send-code.

        The link in the e-mail opens `callback_url`, a page on a trusted domain, with the code as query parameter
        `code`, for `accept_with_code`. Clients need the permission `$invite_members`.

        Raises:
            TeamMembershipNotFound: the signed-in user is not in the team.
            RedirectUrlNotWhitelisted: `callback_url` is not on a trusted domain.
        """
        return team_invitations.send_team_invitation(team_id=team_id, email=email, callback_url=callback_url)

    @call
    def revoke(self, team_id: str, invitation_id: str) -> Operation[None]:
        """Withdraws an invitation; clients need `$remove_members`. DELETE /team-invitations/{id}.

        Raises:
            ServerError: there is no such invitation.
        """
        return silent(team_invitations.delete_team_invitation(invitation_id, team_id=team_id))

    @call
    def accept_with_code(self, code: SecretText) -> Operation[None]:
        """Makes the signed-in user a member, by the code of an invitation e-mail. POST /team-invitations/accept.

        Raises:
            VerificationCodeError: the code does not work, or no longer.
            TeamInvitationEmailMismatch: the invitation went to an address that is not the user's.
            TeamInvitationRestrictedUserNotAllowed: the user has not finished signing up.
        """
        return silent(team_invitations.accept_team_invitation(code=code))

    @call
    def check_code(self, code: SecretText) -> Operation[None]:
        """Nothing if `accept_with_code` would accept the code now. POST /team-invitations/accept/check-code.

        Raises:
            VerificationCodeError: it would not; its subclasses say why.
        """
        return silent(team_invitations.check_team_invitation_code(code=code))

    @call
    def get_details(self, code: SecretText) -> Operation[TeamInvitationDetails]:
        """What the code of an e-mail invites to: `team_display_name`. POST /team-invitations/accept/details.

        Raises:
            VerificationCodeError: the code does not work, or no longer.
        """
        return team_invitations.get_team_invitation_details(code=code)


class TeamInvitations(_AnyTeamInvitations[Mode]):
    """Invitations to and of the signed-in user's teams."""

    @pages
    def list_received(self) -> Pages[TeamInvitation]:
        """Open invitations to the verified addresses of the signed-in user. GET /team-invitations."""
        return whole(team_invitations.list_team_invitations(user_id="me"))

    @call
    def accept(self, invitation_id: str) -> Operation[None]:
        """Makes the signed-in user a member, by an invitation of `list_received`. POST /team-invitations/{id}/accept.

        Raises:
            VerificationCodeNotFound: there is no such invitation for the user.
        """
        return silent(team_invitations.accept_team_invitation_by_id(invitation_id, user_id="me"))


class ServerTeamInvitations(_AnyTeamInvitations[Mode]):
    """Invitations to any team."""

    @pages
    def list_received(self, user_id: str) -> Pages[TeamInvitation]:
        """Open invitations to the verified addresses of the user. GET /team-invitations."""
        return whole(team_invitations.list_team_invitations(user_id=user_id))

    @call
    def accept(self, user_id: str, invitation_id: str) -> Operation[None]:
        """Makes the user a member, by an invitation of `list_received`. POST /team-invitations/{id}/accept.

        Raises:
            VerificationCodeNotFound: there is no such invitation for the user.
        """
        return silent(team_invitations.accept_team_invitation_by_id(invitation_id, user_id=user_id))

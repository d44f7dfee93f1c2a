"""Invitations to teams, beyond what recordings show."""

import pytest

from hexclave_api.models import Team
from hexclave_api.operations import team_invitations as invitations
from hexclave_api.operations.teams import create_team, delete_team, list_team_member_profiles
from hexclave_emulator.domains.teams import MEMBERSHIPS
from tests.emulator.performing import Cast, Person, code_of

CALLBACK = "http://localhost:3000/join?from=mail"
WEEK = 7 * 24 * 3600
NOT_FOUND = (404, "VERIFICATION_CODE_NOT_FOUND")


@pytest.fixture
def ada(cast: Cast) -> Person:
    return cast.person("ada")


@pytest.fixture
def team(ada: Person) -> Team:
    return ada(create_team(display_name="Engines"))


def invited(cast: Cast, ada: Person, team: Team, email: str) -> str:
    """Invite a user; return the code."""
    ada(invitations.send_team_invitation(team_id=team.id, email=email, callback_url=CALLBACK))
    return code_of(cast.mails(email)[-1])


def members(ada: Person, team: Team) -> list[str]:
    """Return members in the order in which they joined; the list itself is in no order."""
    listed = {each.user_id for each in ada(list_team_member_profiles(team_id=team.id)).items}
    joined = [each.user_id for each in ada.ask.emulator.state[MEMBERSHIPS].where(team_id=team.id)]
    return [each for each in joined if each in listed]


def test_the_mail_leads_into_the_team(cast: Cast, ada: Person, team: Team) -> None:
    """Its link is the callback with the code; the code can be used once, by anyone who has it."""
    code = invited(cast, ada, team, "bob@example.com")
    mail = cast.mails("bob@example.com")[-1]
    assert mail.link == f"{CALLBACK}&code={code}"
    assert "Engines" in mail.subject
    bob = cast.person("somebody-else")
    assert bob(invitations.get_team_invitation_details(code=code)).team_display_name == "Engines"
    assert bob(invitations.check_team_invitation_code(code=code)).is_code_valid
    bob(invitations.accept_team_invitation(code=code))
    assert members(ada, team) == [ada.id, bob.id]
    assert [kind for kind, _ in cast.events("team_")] == ["team_membership.created", "team_permission.created"]
    assert bob.refused(invitations.accept_team_invitation(code=code)) == (409, "VERIFICATION_CODE_ALREADY_USED")


def test_accepting_again_changes_nothing(cast: Cast, ada: Person, team: Team) -> None:
    """A member who accepts another invitation keeps the membership."""
    code = invited(cast, ada, team, "ada@example.com")
    ada(invitations.accept_team_invitation(code=code))
    assert members(ada, team) == [ada.id]
    assert cast.events("team_membership") == []


def test_invitations_run_out(cast: Cast, ada: Person, team: Team) -> None:
    """After seven days, the code has expired and the list is empty."""
    code = invited(cast, ada, team, "bob@example.com")
    cast.ask.emulator.clock.advance(WEEK - 1)
    assert len(cast.server(invitations.list_team_invitations(team_id=team.id)).items) == 1
    cast.ask.emulator.clock.advance(2)
    bob = cast.person("bob")
    assert bob.refused(invitations.accept_team_invitation(code=code)) == (400, "VERIFICATION_CODE_EXPIRED")
    assert cast.server(invitations.list_team_invitations(team_id=team.id)).items == ()
    assert bob(invitations.list_team_invitations(user_id="me")).items == ()


def test_a_deleted_invitation_opens_nothing(cast: Cast, ada: Person, team: Team) -> None:
    """Deleting it twice is refused, and so is deleting it in the name of another team."""
    code = invited(cast, ada, team, "bob@example.com")
    other = ada(create_team(display_name="Other"))
    (invitation,) = ada(invitations.list_team_invitations(team_id=team.id)).items
    assert ada.refused(invitations.delete_team_invitation(invitation.id, team_id=other.id)) == NOT_FOUND
    ada(invitations.delete_team_invitation(invitation.id, team_id=team.id))
    assert ada.refused(invitations.delete_team_invitation(invitation.id, team_id=team.id)) == NOT_FOUND
    assert cast.person("bob").refused(invitations.accept_team_invitation(code=code)) == NOT_FOUND


def test_only_verified_addresses_see_their_invitations(cast: Cast, ada: Person, team: Team) -> None:
    """A user with the unverified address can neither list nor accept by id."""
    invited(cast, ada, team, "bob@example.com")
    (invitation,) = ada(invitations.list_team_invitations(team_id=team.id)).items
    claimant = cast.person("bob", primary_email_verified=False)
    by_id = invitations.accept_team_invitation_by_id(invitation.id, user_id="me")
    assert claimant(invitations.list_team_invitations(user_id="me")).items == ()
    assert claimant.refused(by_id) == NOT_FOUND
    cast.ask.server("PATCH", f"/users/{claimant.id}", {"primary_email_verified": True})
    assert [each.id for each in claimant(invitations.list_team_invitations(user_id="me")).items] == [invitation.id]
    claimant(by_id)
    assert members(ada, team) == [ada.id, claimant.id]
    assert claimant.refused(by_id) == NOT_FOUND


def test_clients_act_for_themselves_alone(cast: Cast, ada: Person, team: Team) -> None:
    """Another user's id is refused; without a user nothing is listed."""
    bob = cast.person("bob")
    invited(cast, ada, team, bob.email)
    (invitation,) = bob(invitations.list_team_invitations(user_id="me")).items
    refused = (400, "CANNOT_GET_OWN_USER_WITHOUT_USER")
    assert ada.refused(invitations.list_team_invitations(user_id=bob.id)) == refused
    assert ada.refused(invitations.accept_team_invitation_by_id(invitation.id, user_id=bob.id)) == refused
    assert cast.visitor.refused(invitations.list_team_invitations(user_id=bob.id)) == refused
    assert cast.visitor.refused(invitations.list_team_invitations(team_id=team.id)) == refused
    cast.server(invitations.accept_team_invitation_by_id(invitation.id, user_id=bob.id))
    assert members(ada, team) == [ada.id, bob.id]


def test_restricted_users_are_not_let_in(cast: Cast, ada: Person, team: Team) -> None:
    """A refused attempt consumes the code, like every attempt."""
    code = invited(cast, ada, team, "bob@example.com")
    bob = cast.person("bob", restricted_by_admin=True)
    refused = (403, "TEAM_INVITATION_RESTRICTED_USER_NOT_ALLOWED")
    assert bob.refused(invitations.get_team_invitation_details(code=code)) == refused
    assert bob.refused(invitations.accept_team_invitation(code=code)) == refused
    assert ada.refused(invitations.accept_team_invitation(code=code)) == (409, "VERIFICATION_CODE_ALREADY_USED")
    invited(cast, ada, team, bob.email)
    (invitation,) = cast.server(invitations.list_team_invitations(user_id=bob.id)).items
    assert bob.refused(invitations.accept_team_invitation_by_id(invitation.id, user_id="me")) == refused


def test_invitations_end_with_their_team(cast: Cast, ada: Person, team: Team) -> None:
    """They are listed no longer, and their codes lead nowhere."""
    bob = cast.person("bob")
    code = invited(cast, ada, team, bob.email)
    ada(delete_team(team.id))
    assert bob(invitations.list_team_invitations(user_id="me")).items == ()
    assert bob.refused(invitations.get_team_invitation_details(code=code)) == (404, "TEAM_NOT_FOUND")
    assert bob.refused(invitations.accept_team_invitation(code=code)) == (404, "TEAM_NOT_FOUND")


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "nobody"), ("callback_url", "https://"), ("callback_url", "a b"), ("team_id", "x"), ("email", None)],
)
def test_an_invalid_invitation_is_not_sent(cast: Cast, ada: Person, team: Team, field: str, value: object) -> None:
    """A fault in any field is a SCHEMA_ERROR, and nothing reaches the outbox."""
    body = {"team_id": team.id, "email": "bob@example.com", "callback_url": CALLBACK, field: value}
    sent = cast.ask.server("POST", "/team-invitations/send-code", body)
    assert (sent.status, cast.mails("bob@example.com")) == (400, [])


def test_the_team_must_exist(cast: Cast) -> None:
    """Newer servers say so; those of April fail, as recordings show."""
    nowhere = "3f0e7e4c-5a7b-4a53-9d0e-0a4f6f7d1b22"
    sending = invitations.send_team_invitation(team_id=nowhere, email="bob@example.com", callback_url=CALLBACK)
    assert cast.server.refused(sending) == (404, "TEAM_NOT_FOUND")
    assert cast.mails("bob@example.com") == []

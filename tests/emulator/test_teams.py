"""Teams, their members and member profiles, beyond the recordings."""

import base64

import pytest

from hexclave_api.operations import teams
from hexclave_api.operations.api_keys import create_team_api_key, list_team_api_keys
from hexclave_api.operations.permissions import grant_team_permission, list_team_permissions
from hexclave_emulator import Emulator
from tests.emulator.asking import Asker
from tests.emulator.performing import Cast

PICTURE = "data:image/png;base64," + base64.b64encode(b"not really a picture").decode()
NOWHERE = "3f0e7e4c-5a7b-4a53-9d0e-0a4f6f7d1b22"


def held(cast: Cast, team_id: str) -> list[tuple[str, str]]:
    return [(each.user_id, each.id) for each in cast.server(list_team_permissions(team_id=team_id)).items]


def test_the_creator_is_the_first_member(cast: Cast) -> None:
    """Creators get what the project's settings give to creators, members what these give to members."""
    ada, bob = cast.person("ada"), cast.person("bob")
    team = ada(teams.create_team(display_name="Engines", client_metadata={"a": [1]}))
    cast.server(teams.add_team_member(team.id, bob.id))
    assert sorted(held(cast, team.id)) == sorted([(ada.id, "team_admin"), (bob.id, "team_member")])
    assert [each.id for each in bob(teams.list_teams(user_id="me")).items] == [team.id]


def test_making_a_team_is_one_event_and_a_member_is_two(cast: Cast) -> None:
    """Creators join without an event; members added later have one, with their permissions."""
    ada, bob = cast.person("ada"), cast.person("bob")
    team = ada(teams.create_team(display_name="Engines"))
    assert [kind for kind, _ in cast.events("team")] == ["team.created"]
    assert cast.events("team.created")[0][1]["server_metadata"] is None
    cast.server(teams.add_team_member(team.id, bob.id))
    pair = {"team_id": team.id, "user_id": bob.id}
    joined = [("team_membership.created", pair), ("team_permission.created", {"id": "team_member", **pair})]
    assert cast.events("team_") == joined


def test_users_join_a_team_once(cast: Cast) -> None:
    """Nor do unknown users, nor into unknown teams."""
    ada = cast.person("ada")
    team = ada(teams.create_team(display_name="Engines"))
    assert cast.server.refused(teams.add_team_member(team.id, ada.id)) == (409, "TEAM_MEMBERSHIP_ALREADY_EXISTS")
    assert cast.server.refused(teams.add_team_member(team.id, NOWHERE)) == (404, "USER_NOT_FOUND")
    assert cast.server.refused(teams.add_team_member(NOWHERE, ada.id)) == (404, "TEAM_NOT_FOUND")
    assert cast.server.refused(teams.add_team_member("x", ada.id)) == (400, "SCHEMA_ERROR")


def test_joining_takes_an_empty_body(cast: Cast, ask: Asker) -> None:
    """The API demands `{}` and nothing else."""
    ada = cast.person("ada")
    path = f"/team-memberships/{cast.server(teams.create_team_as_server(display_name='Engines')).id}/{ada.id}"
    assert ask.server("POST", path).json()["details"]["message"].endswith("body must be defined")
    assert ask.server("POST", path, {"role": "owner"}).status == 400
    assert ask.server("POST", path, {}).status == 201


def test_members_may_leave_and_not_throw_out(cast: Cast) -> None:
    """Leaving needs no permission; removing others does."""
    ada, bob = cast.person("ada"), cast.person("bob")
    team = ada(teams.create_team(display_name="Engines"))
    cast.server(teams.add_team_member(team.id, bob.id))
    assert bob.refused(teams.remove_team_member(team.id, ada.id)) == (401, "TEAM_PERMISSION_REQUIRED")
    assert cast.visitor.refused(teams.remove_team_member(team.id, bob.id)) == (400, "CANNOT_GET_OWN_USER_WITHOUT_USER")
    bob(teams.remove_team_member(team.id, "me"))
    assert bob.refused(teams.get_team(team.id)) == (404, "TEAM_MEMBERSHIP_NOT_FOUND")
    assert cast.events("team_membership.deleted") == [
        ("team_membership.deleted", {"team_id": team.id, "user_id": bob.id})
    ]
    assert bob.refused(teams.remove_team_member(team.id, "me")) == (404, "TEAM_MEMBERSHIP_NOT_FOUND")


def test_a_former_member_keeps_no_permissions(cast: Cast, ask: Asker) -> None:
    """Permissions are removed with the membership, and the team is no longer selected."""
    ada, bob = cast.person("ada"), cast.person("bob")
    team = ada(teams.create_team(display_name="Engines"))
    cast.server(teams.add_team_member(team.id, bob.id))
    cast.server(grant_team_permission(team.id, bob.id, "$delete_team"))
    ask.server("PATCH", f"/users/{bob.id}", {"selected_team_id": team.id})
    cast.server(teams.remove_team_member(team.id, bob.id))
    assert ask.server("GET", f"/users/{bob.id}").json()["selected_team_id"] is None
    cast.server(teams.add_team_member(team.id, bob.id))
    assert (bob.id, "$delete_team") not in held(cast, team.id)


def test_a_deleted_team_takes_all_with_it(cast: Cast, ask: Asker) -> None:
    """Members, permissions and keys are gone; the event names the team alone."""
    ada = cast.person("ada")
    team = ada(teams.create_team(display_name="Engines"))
    ask.server("PATCH", f"/users/{ada.id}", {"selected_team_id": team.id})
    ada(create_team_api_key(team_id=team.id, description="k", expires_at_millis=None))
    ada(teams.delete_team(team.id))
    assert cast.events("team.deleted") == [("team.deleted", {"id": team.id})]
    assert held(cast, team.id) == []
    assert cast.server(list_team_api_keys(team_id=team.id)).items == ()
    assert ask.server("GET", f"/users/{ada.id}").json()["selected_team"] is None
    assert ada(teams.list_teams(user_id="me")).items == ()


def test_a_deleted_user_leaves_no_member_behind(cast: Cast, ask: Asker) -> None:
    """The team stays, without a profile or permission of the user."""
    ada = cast.person("ada")
    team = ada(teams.create_team(display_name="Engines"))
    ask.server("DELETE", f"/users/{ada.id}")
    assert cast.server(teams.list_team_member_profiles_as_server(team_id=team.id)).items == ()
    assert held(cast, team.id) == []


def test_profiles_show_the_users_name_until_they_have_their_own(cast: Cast, ask: Asker) -> None:
    """A profile's own name and picture stay when the user's change."""
    ada = cast.person("ada", display_name="Ada")
    team = ada(teams.create_team(display_name="Engines"))
    assert ada(teams.get_team_member_profile(team.id, "me")).display_name == "Ada"
    ask.server("PATCH", f"/users/{ada.id}", {"display_name": "Ada L."})
    assert ada(teams.get_team_member_profile(team.id, "me")).display_name == "Ada L."
    ada(teams.update_team_member_profile(team.id, "me", display_name="Countess", profile_image_url=PICTURE))
    ask.server("PATCH", f"/users/{ada.id}", {"display_name": "Ada King"})
    seen = cast.server(teams.get_team_member_profile_as_server(team.id, ada.id))
    assert (seen.display_name, seen.user.display_name) == ("Countess", "Ada King")
    assert seen.profile_image_url is not None
    assert "/team-member-profile-images/" in seen.profile_image_url
    ada(teams.update_team_member_profile(team.id, "me", profile_image_url=None))
    assert ada(teams.get_team_member_profile(team.id, "me")).profile_image_url is None


def test_profiles_of_others_take_a_permission(cast: Cast) -> None:
    """`$read_members` opens the list; users cannot change others' profiles; servers see all."""
    ada, bob, eve = cast.person("ada"), cast.person("bob"), cast.person("eve")
    team = ada(teams.create_team(display_name="Engines"))
    cast.server(teams.add_team_member(team.id, bob.id))
    assert {each.user_id for each in bob(teams.list_team_member_profiles(team_id=team.id)).items} == {ada.id, bob.id}
    assert bob.refused(teams.update_team_member_profile(team.id, ada.id, display_name="x")) == (
        403,
        "Cannot update another user's profile",
    )
    cast.settings(rbac__permissions={})
    assert bob.refused(teams.list_team_member_profiles(team_id=team.id)) == (401, "TEAM_PERMISSION_REQUIRED")
    assert bob.refused(teams.get_team_member_profile(team.id, ada.id)) == (401, "TEAM_PERMISSION_REQUIRED")
    assert [each.user_id for each in bob(teams.list_team_member_profiles(team_id=team.id, user_id="me")).items] == [
        bob.id
    ]
    assert eve.refused(teams.list_team_member_profiles(team_id=team.id)) == (404, "TEAM_MEMBERSHIP_NOT_FOUND")
    assert bob.refused(teams.list_team_member_profiles()) == (400, "team_id is required for access type client")
    assert len(cast.server(teams.list_team_member_profiles_as_server()).items) == 2
    assert cast.server.refused(teams.list_team_member_profiles_as_server(team_id=NOWHERE)) == (404, "TEAM_NOT_FOUND")
    assert cast.server.refused(teams.list_team_member_profiles_as_server(user_id=NOWHERE)) == (404, "USER_NOT_FOUND")


def test_clients_bring_their_own_pictures(cast: Cast, emulator: Emulator) -> None:
    """An image in a data URL is stored and served; an external address is refused."""
    ada = cast.person("ada")
    team = ada(teams.create_team(display_name="Engines", profile_image_url=PICTURE))
    assert team.profile_image_url is not None
    assert team.profile_image_url.endswith(".png")
    foreign = teams.update_team(team.id, profile_image_url="https://example.com/t.png")
    assert ada.refused(foreign) == (400, "Invalid profile image URL")
    assert cast.server(teams.update_team_as_server(team.id, profile_image_url="https://example.com/t.png"))


def test_teams_come_in_pages_when_asked(cast: Cast) -> None:
    """Every team comes once; the cursor is the first of the next page, and without a limit all come at once."""
    made = [cast.server(teams.create_team_as_server(display_name=f"Team {number}")).id for number in range(5)]
    seen: list[str] = []
    page = cast.server(teams.list_teams_as_server(limit=2))
    while True:
        assert page.is_paginated
        seen += [each.id for each in page.items]
        if page.pagination is None or page.pagination.next_cursor is None:
            break
        page = cast.server(teams.list_teams_as_server(limit=2, cursor=page.pagination.next_cursor))
    assert seen == made
    whole = cast.server(teams.list_teams_as_server(desc=True))
    assert ([each.id for each in whole.items], whole.is_paginated) == (made[::-1], False)
    assert [each.id for each in cast.server(teams.list_teams_as_server(query="TEAM 3")).items] == [made[3]]
    assert cast.server(teams.list_teams_as_server(cursor=NOWHERE)).items == ()


@pytest.mark.parametrize("query", ["limit=1", "cursor=x", "query=a", "desc=true", "order_by=created_at"])
def test_older_servers_know_no_pages_of_teams(query: str) -> None:
    """Newer parameters are unknown to the API of April."""
    emulator = Emulator(release="2026-04")
    assert Asker(emulator).server("GET", f"/teams?{query}").status == 400
    emulator.close()


def test_teams_of_other_projects_do_not_exist(cast: Cast, emulator: Emulator) -> None:
    """Not even with the right id."""
    from hexclave_emulator.domains.teams import TEAMS, Team

    with emulator.transaction() as state:
        state[TEAMS].insert(Team(id=NOWHERE, project_id="internal", display_name="Other", created_at_millis=0))
    ada = cast.person("ada")
    assert cast.server.refused(teams.get_team_as_server(NOWHERE)) == (404, "TEAM_NOT_FOUND")
    assert cast.server.refused(teams.update_team_as_server(NOWHERE, display_name="x")) == (404, "TEAM_NOT_FOUND")
    assert cast.server.refused(teams.delete_team(NOWHERE)) == (404, "TEAM_NOT_FOUND")
    assert cast.server.refused(teams.add_team_member(NOWHERE, ada.id)) == (404, "TEAM_NOT_FOUND")
    assert cast.server(teams.list_teams_as_server()).items == ()


def test_a_personal_team_is_a_team_like_others(cast: Cast) -> None:
    """Its owner is its creator, with an event and a creator's permissions."""
    cast.settings(teams__createPersonalTeamOnSignUp=True)
    ada = cast.person("ada", display_name="Ada")
    (team,) = ada(teams.list_teams(user_id="me")).items
    assert (team.display_name, held(cast, team.id)) == ("Ada's Team", [(ada.id, "team_admin")])
    assert [data["id"] for _, data in cast.events("team.created")] == [team.id]

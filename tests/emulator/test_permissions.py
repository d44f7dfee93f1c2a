"""Permissions, beyond what recordings show."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexclave_api.operations import permissions
from hexclave_api.operations.teams import add_team_member, create_team, create_team_as_server, update_team
from hexclave_emulator import Emulator
from tests.emulator.asking import Asker
from tests.emulator.performing import Cast

NAMES = ["a", "b", "c", "d", "e"]


def held(cast: Cast, user_id: str, *, recursive: bool = True) -> list[str]:
    return [
        each.id
        for each in cast.server(permissions.list_project_permissions(user_id=user_id, recursive=recursive)).items
    ]


def define(cast: Cast, name: str, *contained: str) -> None:
    cast.admin(permissions.create_project_permission_definition(id_=name, contained_permission_ids=list(contained)))


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES)), max_size=5), st.sampled_from(NAMES))
def test_recursion_gives_what_can_be_reached(contained: dict[str, set[str]], granted: str) -> None:
    """Any graph, with or without cycles: contained permissions are held, each once."""
    emulator = Emulator()
    cast = Cast(Asker(emulator))
    for name in NAMES:
        define(cast, name)
    for name, inner in contained.items():
        cast.admin(permissions.update_project_permission_definition(name, contained_permission_ids=sorted(inner)))
    ada = cast.person("ada")
    cast.server(permissions.grant_project_permission(ada.id, granted))
    reached, waiting = {granted}, [granted]
    while waiting:
        new = contained.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    assert held(cast, ada.id) == sorted(reached)
    assert held(cast, ada.id, recursive=False) == [granted]
    emulator.close()


def test_a_new_name_is_known_everywhere(cast: Cast) -> None:
    """Holders keep what they hold, and what contained the permission still does."""
    define(cast, "read")
    define(cast, "write", "read")
    ada = cast.person("ada")
    cast.server(permissions.grant_project_permission(ada.id, "read"))
    cast.admin(permissions.update_project_permission_definition("read", id_="view", description="Look"))
    assert held(cast, ada.id) == ["view"]
    defined = {each.id: each for each in cast.admin(permissions.list_project_permission_definitions()).items}
    assert defined["write"].contained_permission_ids == ("view",)
    assert defined["view"].description == "Look"
    renamed = permissions.update_project_permission_definition("view", id_="write")
    assert cast.admin.refused(renamed) == (400, "PERMISSION_ID_ALREADY_EXISTS")


def test_a_change_says_all(cast: Cast) -> None:
    """Omitted fields are removed, as in the real API."""
    define(cast, "read")
    cast.admin(
        permissions.create_project_permission_definition(
            id_="write", description="Write", contained_permission_ids=["read"]
        )
    )
    changed = cast.admin(permissions.update_project_permission_definition("write"))
    assert (changed.id, changed.description, changed.contained_permission_ids) == ("write", None, ())


def test_a_deleted_permission_has_no_holders(cast: Cast) -> None:
    """Defining it again grants it to no one."""
    define(cast, "read")
    define(cast, "write", "read")
    ada = cast.person("ada")
    cast.server(permissions.grant_project_permission(ada.id, "read"))
    cast.admin(permissions.delete_project_permission_definition("read"))
    define(cast, "read")
    assert held(cast, ada.id) == []
    cast.server(permissions.grant_project_permission(ada.id, "write"))
    assert held(cast, ada.id) == ["write"]


def test_a_permission_holds_in_its_scope(cast: Cast) -> None:
    """One name, one scope: granting it in the other is refused, and so is containing it there."""
    define(cast, "read")
    ada = cast.person("ada")
    team = ada(create_team(display_name="Engines"))
    mismatch = permissions.grant_team_permission(team.id, ada.id, "read")
    assert cast.server.refused(mismatch) == (404, "WRONG_PERMISSION_SCOPE")
    details = cast.server.reply(mismatch).json()["details"]
    assert details == {"permission_id": "read", "expected_scope": "team", "actual_scope": "project"}
    assert (
        cast.server.refused(permissions.grant_project_permission(ada.id, "team_admin"))[1] == "WRONG_PERMISSION_SCOPE"
    )
    assert (
        cast.server.refused(permissions.grant_project_permission(ada.id, "$read_members"))[1] == "PERMISSION_NOT_FOUND"
    )
    containing = permissions.create_team_permission_definition(id_="x", contained_permission_ids=["read"])
    assert cast.admin.refused(containing) == (400, "CONTAINED_PERMISSION_NOT_FOUND")
    assert cast.admin.refused(permissions.delete_team_permission_definition("read")) == (404, "PERMISSION_NOT_FOUND")
    assert cast.admin.refused(permissions.update_team_permission_definition("read"))[1] == "PERMISSION_NOT_FOUND"
    assert (
        cast.admin.refused(permissions.create_team_permission_definition(id_="read"))[1]
        == "PERMISSION_ID_ALREADY_EXISTS"
    )


def test_contained_permissions_open_the_team(cast: Cast) -> None:
    """A client's rights include those of contained permissions."""
    ada, bob = cast.person("ada"), cast.person("bob")
    team = ada(create_team(display_name="Engines"))
    cast.server(add_team_member(team.id, bob.id))
    assert bob.refused(update_team(team.id, display_name="x")) == (401, "TEAM_PERMISSION_REQUIRED")
    cast.admin(permissions.create_team_permission_definition(id_="inner", contained_permission_ids=["$update_team"]))
    cast.admin(permissions.create_team_permission_definition(id_="outer", contained_permission_ids=["inner"]))
    cast.server(permissions.grant_team_permission(team.id, bob.id, "outer"))
    assert bob(update_team(team.id, display_name="New")).display_name == "New"
    cast.admin(permissions.delete_team_permission_definition("inner"))
    assert bob.refused(update_team(team.id, display_name="x")) == (401, "TEAM_PERMISSION_REQUIRED")


def test_every_grant_is_an_event(cast: Cast) -> None:
    """Including one that changes nothing; a refused revocation reports none."""
    define(cast, "read")
    ada = cast.person("ada")
    team = ada(create_team(display_name="Engines"))
    given = {"id": "read", "user_id": ada.id}
    for _ in range(2):
        cast.server(permissions.grant_project_permission(ada.id, "read"))
    cast.server(permissions.revoke_project_permission(ada.id, "read"))
    assert cast.server.refused(permissions.revoke_project_permission(ada.id, "read")) == (404, "PERMISSION_NOT_FOUND")
    assert cast.events("project_permission") == [
        ("project_permission.created", given),
        ("project_permission.created", given),
        ("project_permission.deleted", given),
    ]
    cast.server(permissions.grant_team_permission(team.id, ada.id, "$update_team"))
    cast.server(permissions.revoke_team_permission(team.id, ada.id, "$update_team"))
    in_team = {"id": "$update_team", "user_id": ada.id, "team_id": team.id}
    assert cast.events("team_permission") == [
        ("team_permission.created", in_team),
        ("team_permission.deleted", in_team),
    ]


def test_the_lists_are_apart(cast: Cast) -> None:
    """Team permissions are not listed for the project, nor the other way round."""
    define(cast, "read")
    ada = cast.person("ada")
    team = ada(create_team(display_name="Engines"))
    cast.server(permissions.grant_project_permission(ada.id, "read"))
    in_team = ada(permissions.list_team_permissions(user_id="me")).items
    assert [(each.id, each.team_id) for each in in_team] == [("team_admin", team.id)]
    assert [each.id for each in ada(permissions.list_project_permissions(user_id="me")).items] == ["read"]


def test_clients_list_their_own_permissions(cast: Cast) -> None:
    """Another user's are refused, and so is the whole list."""
    ada, bob = cast.person("ada"), cast.person("bob")
    for listing in (permissions.list_team_permissions, permissions.list_project_permissions):
        for operation in (listing(user_id=bob.id), listing()):
            status, text = ada.refused(operation)
            assert (status, text[:51]) == (403, "Client can only list permissions for their own user")
        assert cast.visitor.refused(listing()) == (400, "CANNOT_GET_OWN_USER_WITHOUT_USER")


def test_a_contained_permission_cannot_be_revoked_alone(cast: Cast) -> None:
    """Only what was given directly is taken back."""
    ada = cast.person("ada")
    team = ada(create_team(display_name="Engines"))
    taking = permissions.revoke_team_permission(team.id, ada.id, "$update_team")
    assert cast.server.refused(taking) == (401, "TEAM_PERMISSION_NOT_FOUND")


def test_new_users_get_what_the_project_gives_them(cast: Cast) -> None:
    """Without an event of its own."""
    define(cast, "read")
    cast.settings(rbac__defaultPermissions__signUp={"read": True})
    assert held(cast, cast.person("ada").id) == ["read"]
    assert cast.events("project_permission") == []


def test_an_undefined_default_permission_refuses_all_members(cast: Cast) -> None:
    """As in the real API, and the attempt changes nothing."""
    cast.admin(permissions.delete_team_permission_definition("team_admin"))
    ada = cast.person("ada")
    making = create_team_as_server(display_name="Engines", creator_user_id=ada.id)
    assert cast.server.refused(making) == (404, "PERMISSION_NOT_FOUND")
    assert cast.events("team") == []


@pytest.mark.parametrize("name", ["Bad", "a b", "", "$own", "$$read_members", "ä", "a-b", "a.b", "x" * 5 + "!"])
def test_names_are_plain(cast: Cast, ask: Asker, name: str) -> None:
    """A definition takes lower-case letters, digits, colon and underscore."""
    for body in ({"id": name}, {"id": "fine", "contained_permission_ids": [name]}):
        made = ask.admin("POST", "/project-permission-definitions", body)
        assert (made.status, made.headers.get("x-stack-known-error")) == (400, "SCHEMA_ERROR")


def test_permissions_of_a_project_survive_strange_settings(cast: Cast) -> None:
    """Settings can be written by hand: invalid definitions are ignored."""
    cast.settings(rbac__permissions={"odd": 5, "own": {"scope": "project", "containedPermissionIds": ["x"]}})
    assert [each.id for each in cast.admin(permissions.list_project_permission_definitions()).items] == ["own"]
    cast.admin(permissions.update_project_permission_definition("own", id_="mine"))
    assert [each.id for each in cast.admin(permissions.list_project_permission_definitions()).items] == ["mine"]


def test_team_definitions_are_searched_and_paged(cast: Cast) -> None:
    """Newer servers take limit, cursor and query."""
    first = cast.admin(permissions.list_team_permission_definitions(limit=3))
    assert first.pagination is not None
    assert first.pagination.next_cursor is not None
    second = cast.admin(permissions.list_team_permission_definitions(limit=100, cursor=first.pagination.next_cursor))
    assert [each.id for each in (*first.items, *second.items)] == [
        each.id for each in cast.admin(permissions.list_team_permission_definitions()).items
    ]
    found = cast.admin(permissions.list_team_permission_definitions(query="ADMINS"))
    assert [each.id for each in found.items] == ["team_admin"]

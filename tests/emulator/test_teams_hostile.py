"""No request about existing teams, permissions, keys and channels crashes the emulator."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hexclave_api.operations import api_keys, contact_channels, permissions, teams
from hexclave_emulator import Emulator
from tests.emulator.asking import Asker
from tests.emulator.performing import Cast

EMULATOR = Emulator()
CAST = Cast(Asker(EMULATOR))
ADA = CAST.person("ada")
BOB = CAST.person("bob", is_anonymous=True)
TEAM = ADA(teams.create_team(display_name="Engines"))
CAST.server(teams.add_team_member(TEAM.id, BOB.id))
CAST.admin(permissions.create_team_permission_definition(id_="own", contained_permission_ids=["$read_members"]))
KEY = ADA(api_keys.create_team_api_key(team_id=TEAM.id, description="k", expires_at_millis=None))
(CHANNEL,) = ADA(contact_channels.list_contact_channels(user_id="me")).items
SNAPSHOT = EMULATOR.snapshot()

FAMILIES = ("/team", "/project-permission", "/contact-channels", "/user-api-keys", "/emails/notification-preference")
ROUTES = [(route.method, route.template) for route in EMULATOR.router.routes if route.template.startswith(FAMILIES)]
IDS = [ADA.id, BOB.id, TEAM.id, KEY.id, CHANNEL.id, "me", "own", "$read_members", "team_admin"]

values = st.one_of(
    st.sampled_from(
        [*IDS, KEY.value.reveal(), "http://localhost", "x@example.com", "email", "data:image/png;base64,aaaa"]
    ),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    st.lists(st.sampled_from(IDS) | st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)
fields = st.sampled_from(
    [
        *("team_id", "user_id", "creator_user_id", "display_name", "profile_image_url", "client_metadata", "email"),
        *("callback_url", "code", "id", "value", "type", "description", "contained_permission_ids", "used_for_auth"),
        *("is_primary", "is_verified", "expires_at_millis", "is_public", "revoked", "api_key", "enabled"),
    ]
)
queries = st.sampled_from(
    ["team_id", "user_id", "permission_id", "recursive", "contact_channel_id", "limit", "cursor", "query", "desc"]
)
texts = st.sampled_from([*IDS, "true", "false", "1", "-1", "0", "1e3", "x", ""])


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_no_request_ends_in_a_500(data: st.DataObject) -> None:
    """Paths, queries and bodies of existing and missing items, by every kind of caller."""
    EMULATOR.restore(SNAPSHOT)
    for _ in range(data.draw(st.integers(1, 3))):
        method, template = data.draw(st.sampled_from(ROUTES))
        parts = [data.draw(st.sampled_from(IDS)) if part.startswith("{") else part for part in template.split("/")]
        query = data.draw(st.dictionaries(queries, texts, max_size=3))
        path = "/".join(parts) + "?" + "&".join(f"{name}={value}" for name, value in query.items())
        actor = data.draw(st.sampled_from([ADA, BOB, CAST.visitor, CAST.server, CAST.admin]))
        body = data.draw(st.dictionaries(fields, values, max_size=6) | values)
        reply = getattr(actor.ask, actor.access)(method, path, body, **actor.headers)
        assert reply.status < 500, (method, path, body, reply.content)


@pytest.mark.parametrize("depth", [10, 100, 900])
def test_metadata_may_be_deep(depth: int) -> None:
    """Any JSON that arrives is kept and comes back."""
    EMULATOR.restore(SNAPSHOT)
    deep: object = 1
    for _ in range(depth):
        deep = [deep]
    changed = CAST.ask.server("PATCH", f"/teams/{TEAM.id}", {"server_metadata": deep})
    assert (changed.status, changed.json()["server_metadata"]) == (200, deep)


def test_a_permission_may_contain_itself() -> None:
    """A cycle ends; so does a long chain."""
    EMULATOR.restore(SNAPSHOT)
    CAST.admin(permissions.update_team_permission_definition("own", contained_permission_ids=["own"]))
    CAST.server(permissions.grant_team_permission(TEAM.id, BOB.id, "own"))
    found = CAST.server(permissions.list_team_permissions(team_id=TEAM.id, user_id=BOB.id, recursive=True)).items
    assert "own" in [each.id for each in found]
    names = {f"p{number}": {f"p{number + 1}": True} for number in range(2000)}
    CAST.settings(
        rbac__permissions={name: {"scope": "team", "containedPermissionIds": inner} for name, inner in names.items()}
    )
    CAST.server(permissions.grant_team_permission(TEAM.id, BOB.id, "p0"))
    found = CAST.server(permissions.list_team_permissions(team_id=TEAM.id, user_id=BOB.id, recursive=True)).items
    assert len(found) == 2000

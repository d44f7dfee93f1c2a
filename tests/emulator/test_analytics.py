"""Events, questions about them, and session replays, beyond what recordings show."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave_api.operations import analytics, session_replays
from hexclave_api.operations.teams import create_team
from hexclave_emulator import Emulator
from tests.emulator.asking import Asker
from tests.emulator.performing import Cast, Person

AT = 1_700_000_000_000


@pytest.fixture
def ada(cast: Cast) -> Person:
    return cast.person("ada")


def report(person: Person, *paths: str) -> int:
    events: Any = [{"event_type": "$page-view", "event_at_ms": AT, "data": {"path": path}} for path in paths]
    ids = {"session_replay_segment_id": str(uuid4()), "batch_id": str(uuid4())}
    return person(analytics.send_analytics_events(**ids, sent_at_ms=AT, events=events)).inserted


def rows(cast: Cast, query: str, **params: Any) -> list[Any]:
    return list(cast.server(analytics.run_analytics_query(query=query, params=params)).result)


def upload(person: Person, *times: int, clicks: int = 0, batch_id: str | None = None) -> Any:
    events: Any = [{"timestamp": each, "type": 2, "data": {}} for each in times]
    events += [{"timestamp": times[-1], "type": 3, "data": {"source": 2, "type": 2}}] * clicks
    ids = {"browser_session_id": str(uuid4()), "session_replay_segment_id": str(uuid4())}
    ids["batch_id"] = batch_id or str(uuid4())
    return person(
        session_replays.upload_session_replay(**ids, started_at_ms=times[0], sent_at_ms=times[-1], events=events)
    )


def replays(cast: Cast, **query: Any) -> list[str]:
    return [each.id for each in cast.server(session_replays.list_session_replays(**query)).items]


def test_events_can_be_asked_for(cast: Cast, ada: Person) -> None:
    """In SQL, joined with users, with parameters."""
    assert report(ada, "/", "/shop") == 2
    report(cast.person("bob"), "/shop")
    query = (
        "SELECT data->>'path' AS path, count() AS views FROM events JOIN users ON users.id = user_id "
        "WHERE primary_email = {email:String} GROUP BY path ORDER BY path"
    )
    found = rows(cast, query, email="ada@example.com")
    assert [dict(each) for each in found] == [{"path": "/", "views": 1}, {"path": "/shop", "views": 1}]


def test_a_query_took_time(cast: Cast) -> None:
    """The duration is available by its id."""
    query_id = cast.server(analytics.run_analytics_query(query="SELECT 1 AS one")).query_id
    assert cast.server(analytics.get_analytics_query_timing(query_id=query_id)).stats.wall_clock_time >= timedelta()
    unknown = cast.server.refused(analytics.get_analytics_query_timing(query_id="no such"))
    assert unknown == (404, "ITEM_NOT_FOUND")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT",
        "SELECT nothing FROM events",
        "DELETE FROM events",
        "ATTACH DATABASE '/tmp/stolen' AS stolen",
        "PRAGMA database_list",
        "SELECT 1; SELECT 2",
        "SELECT {missing:String}",
        "SELECT zeroblob(100000000)",
        "SELECT load_extension('x')",
    ],
)
def test_invalid_queries_are_refused(cast: Cast, query: str) -> None:
    """Only reading is allowed."""
    assert cast.server.refused(analytics.run_analytics_query(query=query)) == (400, "ANALYTICS_QUERY_ERROR")


def test_endless_queries_end(cast: Cast) -> None:
    """After the time that the caller gives them."""
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS most FROM n"
    refused = cast.server.refused(analytics.run_analytics_query(query=endless, timeout_ms=50))
    assert refused == (400, "ANALYTICS_QUERY_TIMEOUT")


EMULATOR = Emulator()


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text(max_size=3)))
def test_any_query(query: str, params: dict[str, Any]) -> None:
    """Gives rows or an error."""
    reply = Asker(EMULATOR).server("POST", "/analytics/query", {"query": query, "params": params, "timeout_ms": 100})
    assert reply.status in (200, 400)


def test_chunks_of_a_session_are_one_replay(cast: Cast, ada: Person) -> None:
    """A batch that comes twice counts once."""
    first = upload(ada, AT, AT + 10)
    again = upload(ada, AT, AT + 10, batch_id=first.batch_id)
    second = upload(ada, AT + 20)
    assert (first.deduped, again.deduped, second.deduped) == (False, True, False)
    [replay] = cast.server(session_replays.list_session_replays()).items
    assert (replay.id, replay.chunk_count, replay.event_count) == (second.session_replay_id, 2, 3)
    assert (replay.started_at_millis, replay.last_event_at_millis) == (AT, AT + 20)
    assert replay.project_user.primary_email == "ada@example.com"
    chunks = cast.server(session_replays.list_session_replay_chunks(replay.id)).items
    events = cast.server(session_replays.get_session_replay_events(replay.id, offset=1, limit=1))
    assert [each.chunk_id for each in events.chunk_events] == [chunks[1].id]
    one = cast.server(session_replays.get_session_replay_chunk_events(replay.id, chunks[0].id))
    assert [each["timestamp"] for each in one.events] == [AT, AT + 10]


def test_replays_are_found_by_what_happened_in_them(cast: Cast, ada: Person) -> None:
    """By user, duration, time, and number of clicks."""
    bob = cast.person("bob")
    team = bob(create_team(display_name="Engines"))
    calm = upload(ada, AT, AT + 1000).session_replay_id
    busy = upload(bob, AT, AT + 9000, clicks=3).session_replay_id
    assert replays(cast) == [busy, calm]
    assert replays(cast, user_ids=[ada.id]) == [calm]
    assert replays(cast, team_ids=[team.id]) == [busy]
    assert replays(cast, duration_ms_min=2000) == [busy]
    assert replays(cast, duration_ms_max=2000) == [calm]
    assert replays(cast, last_event_at_to_millis=AT + 1000) == [calm]
    assert replays(cast, click_count_min=3) == [busy]
    page = cast.server(session_replays.list_session_replays(limit=1))
    assert page.pagination.next_cursor == calm
    assert replays(cast, cursor=calm) == [calm]


def test_unknown_replays_and_chunks(cast: Cast, ada: Person) -> None:
    """Give "item does not exist" errors."""
    replay = upload(ada, AT).session_replay_id
    for operation in (
        session_replays.get_session_replay(str(uuid4())),
        session_replays.get_session_replay_chunk_events(replay, str(uuid4())),
        session_replays.list_session_replays(cursor=str(uuid4())),
    ):
        assert cast.server.refused(operation) == (404, "ITEM_NOT_FOUND")


def test_metrics_count_what_there_is(cast: Cast, ada: Person) -> None:
    """Users, visits, teams: today's are in the last of 31 days."""
    report(ada, "/")
    cast.person("bob")(create_team(display_name="Engines"))
    found = cast.admin(analytics.get_metrics())
    assert (found.total_users, len(found.daily_users), found.daily_users[-1].activity) == (2, 31, 2)
    assert found.auth_overview.total_teams == 1
    assert found.analytics_overview.visitors == 1
    assert cast.admin(analytics.get_user_counts()).total_users == 2

"""Operations of project owners: transfers, plans, click maps, sending domains, settings from a repository."""

import json
from typing import Any
from uuid import uuid4

import pytest

from hexclave_api.operations import ai_chats, analytics, config, email_domains, projects, session_replays
from hexclave_api.operations.teams import create_team
from hexclave_emulator import Emulator
from hexclave_emulator.domains.access import INTERNAL
from hexclave_emulator.domains.projects import PROJECTS, project_setting
from hexclave_emulator.routing.routes import Router
from tests.emulator.performing import Cast, Person
from tests.emulator.test_analytics import AT, upload

HOUR = 3600


@pytest.fixture
def ada(cast: Cast) -> Person:
    return cast.person("ada")


def test_no_operation_is_left_out() -> None:
    """Every operation of every release is implemented."""
    for release in ("2026-04", "2026-09", "2026-10"):
        missing = [f"{each.method} {each.template}" for each in Router(release).routes if each.handler is None]
        assert missing == []


def internal(emulator: Emulator) -> Any:
    """Return requests as a user of the dashboard, the user's id and team."""
    from hexclave_emulator.domains.projects import KEY_SETS

    keys = emulator.state[KEY_SETS].first(project_id=INTERNAL)
    assert keys is not None

    def ask(method: str, path: str, body: Any = None, **more: str) -> Any:
        from tests.emulator.asking import Asker

        headers = {
            "x-stack-access-type": "client",
            "x-stack-project-id": INTERNAL,
            "x-stack-publishable-client-key": keys.publishable_client_key or "",
            **{f"x-stack-{name.replace('_', '-')}": value for name, value in more.items()},
        }
        return Asker(emulator).plain(method, path, body, headers)

    return ask


def test_a_project_is_transferred(emulator: Emulator) -> None:
    """Between two teams of the user, who must manage the first."""
    ask = internal(emulator)
    signed_up = ask("POST", "/auth/password/sign-up", {"email": "o@example.com", "password": "correct horse battery"})
    token = signed_up.json()["access_token"]
    teams = [ask("POST", "/teams", {"display_name": name}, access_token=token).json()["id"] for name in ("A", "B")]
    body = {"display_name": "Shop", "owner_team_id": teams[0]}
    project_id = ask("POST", "/internal/projects", body, access_token=token).json()["id"]
    move = {"project_id": project_id, "new_team_id": teams[1]}
    other = ask("POST", "/auth/password/sign-up", {"email": "x@example.com", "password": "correct horse battery"})
    stranger = ask("POST", "/internal/projects/transfer", move, access_token=other.json()["access_token"])
    assert stranger.status >= 400
    assert ask("POST", "/internal/projects/transfer", move, access_token=token).json() == {"success": "true"}
    moved = emulator.state[PROJECTS].get(project_id)
    assert moved is not None
    assert moved.owner_team_id == teams[1]
    unknown = ask("POST", "/internal/projects/transfer", {**move, "project_id": str(uuid4())}, access_token=token)
    assert unknown.json()["code"] == "PROJECT_NOT_FOUND"


def test_the_plan_counts_what_is_used(cast: Cast, ada: Person) -> None:
    """Users now, the rest within the month."""
    usage = cast.admin(analytics.get_plan_usage())
    assert {each.item_id: each.used for each in usage.rows}["users"] == 1
    assert usage.period_start_millis <= cast.ask.emulator.clock.millis() < usage.period_end_millis


def test_whom_a_stricter_rule_would_restrict(cast: Cast, ada: Person) -> None:
    """Asking changes nothing."""
    cast.person("bob", primary_email_verified=False)
    asked = projects.preview_onboarding_change(onboarding={"require_email_verification": True})  # type: ignore[arg-type]
    found = cast.admin(asked)
    assert (found.total_affected_count, [each.primary_email for each in found.affected_users]) == (
        1,
        ["bob@example.com"],
    )
    assert cast.ask.server("GET", "/users?include_restricted=true").json()["items"][0]["is_restricted"] is False


def click(person: Person, at: int, path: str, selector: str) -> None:
    data = {"path": path, "selector": selector, "url": f"https://example.com{path}", "viewport_width": 800}
    events: Any = [{"event_type": "$click", "event_at_ms": at, "data": data}]
    ids = {"session_replay_segment_id": str(uuid4()), "batch_id": str(uuid4())}
    person(analytics.send_analytics_events(**ids, sent_at_ms=at, events=events))


def test_clicks_are_counted_where_they_happened(cast: Cast, ada: Person) -> None:
    """By page, user and selector; within a window, on some pages, of some users."""
    bob = cast.person("bob")
    click(ada, AT, "/shop", "#buy")
    click(ada, AT + 1, "/shop", "#buy")
    click(bob, AT + 2, "/about", "#top")
    window: Any = {"since": "2023-11-14T00:00:00Z", "until": "2023-11-16T00:00:00Z"}

    def clickmap(**fields: Any) -> Any:
        return cast.admin(analytics.get_clickmap(kind="session_replay_clicks", **window, **fields))

    found = clickmap()
    assert [(each.path, each.clicks, each.users) for each in found.routes] == [("/shop", 2, 1), ("/about", 1, 1)]
    assert [(each.id, each.clicks) for each in found.users] == [(ada.id, 2), (bob.id, 1)]
    assert [each.selector for each in clickmap(route_path="/about").selectors] == ["#top"]
    assert [each.clicks for each in clickmap(url_pattern="https://example.com/s*").routes] == [2]
    assert clickmap(viewport_width_min=900).routes == ()
    assert [each.id for each in clickmap(user_id=bob.id).users] == [bob.id]
    week = cast.admin(analytics.get_clickmap(kind="team_user_hour_of_week", **window))
    assert [(each.weekday, each.hour, each.value) for each in week.cells] == [(2, 22, 2)]
    long = analytics.get_clickmap(kind="session_replay_clicks", since="2023-01-01", until="2023-12-01")
    assert cast.admin.refused(long)[0] == 400
    broken = analytics.get_clickmap(kind="session_replay_clicks", route_regex="(", **window)
    assert cast.admin.refused(broken) == (400, "SCHEMA_ERROR")
    assert cast.admin(analytics.create_clickmap_token(origin="http://localhost:3000")).token
    elsewhere = analytics.create_clickmap_token(origin="https://evil.example.org")
    assert cast.admin.refused(elsewhere) == (400, "REDIRECT_URL_NOT_WHITELISTED")


def test_activity_of_a_user_by_day(cast: Cast, ada: Person) -> None:
    """Today is last."""
    click(ada, cast.ask.emulator.clock.millis(), "/", "#a")
    points = cast.admin(analytics.get_user_activity(user_id=ada.id)).data_points
    assert (len(points), points[-1].activity, points[-2].activity) == (365, 1, 0)


def test_a_recording_becomes_a_video(cast: Cast, ada: Person) -> None:
    """Queued, rendering, ready: with the clock."""
    replay_id = upload(ada, AT, AT + 10_000).session_replay_id
    made = cast.server(session_replays.create_session_replay_render(replay_id, speed=2))
    assert (made.status, made.progress, made.video) == ("queued", None, None)
    cast.ask.emulator.clock.advance(3)
    assert cast.server(session_replays.get_session_replay_render(replay_id, made.id)).status == "rendering"
    cast.ask.emulator.clock.advance(3)
    [ready] = cast.server(session_replays.list_session_replay_renders(replay_id)).items
    assert ready.video is not None
    assert (ready.status, ready.video.duration_ms) == ("succeeded", 5000)
    assert cast.server.refused(session_replays.get_session_replay_render(replay_id, "x")) == (404, "ITEM_NOT_FOUND")
    foreign = session_replays.create_session_replay_render(replay_id, session_replay_segment_id=str(uuid4()))
    assert cast.server.refused(foreign) == (404, "ITEM_NOT_FOUND")


def test_a_domain_for_sending_is_verified_step_by_step(cast: Cast) -> None:
    """Then it can be used, and the project sends from it."""
    made = cast.admin(email_domains.set_up_email_domain(subdomain="mail.example.com", sender_local_part="hello"))
    assert made.status == "pending_dns"
    check = email_domains.check_email_domain(
        domain_id=made.domain_id, subdomain="mail.example.com", sender_local_part="hello"
    )
    early = email_domains.apply_email_domain(domain_id=made.domain_id)
    assert cast.admin.refused(early)[0] == 409
    assert [cast.admin(check).status for _ in range(3)] == ["pending_verification", "verified", "verified"]
    assert cast.admin(email_domains.apply_email_domain(domain_id=made.domain_id)).status == "applied"
    emulator = cast.ask.emulator
    assert emulator.ready is not None
    project = emulator.project(emulator.ready.project_id)
    assert project_setting(project, "emails.server.senderEmail") == "hello@mail.example.com"
    used = email_domains.delete_email_domain(resend_domain_id=made.domain_id)
    assert cast.admin.refused(used)[0] == 409
    other = cast.admin(email_domains.set_up_email_domain(subdomain="b.example.com", sender_local_part="x"))
    cast.admin(email_domains.delete_email_domain(resend_domain_id=other.domain_id))
    assert [each.status for each in cast.admin(email_domains.list_email_domains()).items] == ["applied"]


def test_an_agent_changes_the_configuration(cast: Cast) -> None:
    """After a review; without a repository there is nothing to change."""
    update = json.dumps({"teams.allowClientTeamCreation": False})
    begin = config.apply_config_with_agent(github_access_token="gho_x", config_update_string=update)
    assert cast.admin.refused(begin)[0] == 400
    source: Any = {"type": "pushed-from-github", "owner": "example", "repo": "shop"}
    cast.admin(config.replace_config_override("branch", config_string="{}", source=source))
    run_id = cast.admin(begin).id
    commit = config.commit_config_agent_run(run_id=run_id, github_access_token="gho_x")
    assert cast.admin(commit).status == "not-awaiting-review"
    cast.ask.emulator.clock.advance(3)
    run = cast.admin(config.get_config_agent_run(run_id=run_id)).agent_run
    assert run is not None
    assert (run.status, "allowClientTeamCreation" in (run.diff or "")) == ("awaiting_review", True)
    assert cast.admin(commit).status == "committing"
    run = cast.admin(config.get_config_agent_run(run_id=run_id)).agent_run
    assert run is not None
    assert run.status == "success"
    override = cast.admin.reply(config.get_config_override("branch")).json()["config_string"]
    assert json.loads(override) == {"teams.allowClientTeamCreation": False}
    second = cast.admin(begin).id
    assert cast.admin(config.cancel_config_agent_run(run_id=second)).status == "cancelling"
    assert cast.admin(config.cancel_config_agent_run(run_id=second)).status == "not-running"
    assert cast.admin(config.get_config_agent_run(run_id="nope")).agent_run is None


def test_chats_are_kept_by_thread(cast: Cast) -> None:
    """And the model that rewrites templates is a stub that echoes."""
    thread = "thread-1"
    message: Any = {"role": "user", "content": [{"type": "text", "text": "Hello"}]}
    cast.ask.admin("PATCH", f"/internal/ai-chat/{thread}", {"message": message})
    assert cast.ask.admin("GET", f"/internal/ai-chat/{thread}").json() == {"messages": [message]}
    assert cast.ask.admin("GET", "/internal/ai-chat/other").json() == {"messages": []}
    source = {"template_tsx_source": "export function EmailTemplate() {}"}
    rewritten = cast.ask.admin("POST", "/internal/rewrite-template-source", source).json()
    assert rewritten == {"tsx_source": source["template_tsx_source"]}
    assert ai_chats.list_chat_messages(thread).method == "GET"


def test_transfers_are_made_at_the_dashboard(cast: Cast, ada: Person) -> None:
    """Its project is the one whose users own the others."""
    team = ada(create_team(display_name="Engineers"))
    moved = projects.transfer_owned_project(project_id=str(uuid4()), new_team_id=team.id)
    assert ada.refused(moved) == (401, "EXPECTED_INTERNAL_PROJECT")

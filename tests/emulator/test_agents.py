"""AI agents that a user authorizes, single-use links, and secrets of a project."""

import pytest

from hexclave_api.operations import agents, project_secrets
from hexclave_emulator.operations.project_secrets import PROJECT_SECRETS
from tests.emulator.performing import Cast, Person


@pytest.fixture
def ada(cast: Cast) -> Person:
    return cast.person("ada")


def test_an_agent_is_let_in_once(cast: Cast, ada: Person) -> None:
    """It waits, gets a session of the user who approved, and the token is consumed; the anonymous session works at
    once.
    """
    made = cast.visitor(agents.register_agent(agent={"name": "Helper"}, user_hint="ada@example.com"))  # type: ignore[arg-type]
    assert made.confirm_url.reveal().endswith(made.claim_code.reveal())
    anonymous = cast.ask.client(
        "GET", "/users/me", access_token=made.anonymous_session.access_token.reveal(), allow_anonymous_user="true"
    )
    assert anonymous.json()["is_anonymous"]
    poll = agents.poll_agent_registration(poll_token=made.poll_token.reveal())
    waiting = cast.visitor(poll)
    assert waiting.session is None
    shown = ada(agents.confirm_agent_registration(claim_code=made.claim_code.reveal().lower(), action="inspect"))
    assert (shown.agent.name, shown.status, shown.user_hint) == ("Helper", waiting.status, "ada@example.com")
    approved = ada(agents.confirm_agent_registration(claim_code=made.claim_code.reveal(), action="approve"))
    reply = cast.visitor.reply(poll)
    assert (reply.status, reply.json()["status"]) == (201, approved.status)
    session = reply.json()["session"]
    me = cast.ask.client("GET", "/users/me", access_token=session["access_token"]).json()
    assert me["id"] == ada.id == session["user_id"]
    listed = cast.ask.server("GET", f"/auth/sessions?user_id={ada.id}").json()["items"]
    assert [each["agent_name"] for each in listed] == ["Helper", None]
    assert cast.visitor(poll).status == "used"
    again = agents.confirm_agent_registration(claim_code=made.claim_code.reveal(), action="approve")
    assert ada.refused(again) == (400, "AGENT_AUTH_INVALID_CLAIM_CODE")


def test_an_agent_may_be_denied_or_wait_too_long(cast: Cast, ada: Person) -> None:
    """Neither gets a session."""
    first = cast.visitor(agents.register_agent(agent={"name": "A"}))  # type: ignore[arg-type]
    ada(agents.confirm_agent_registration(claim_code=first.claim_code.reveal(), action="deny"))
    assert cast.visitor(agents.poll_agent_registration(poll_token=first.poll_token.reveal())).status == "denied"
    second = cast.visitor(agents.register_agent(agent={"name": "B"}, expires_in_millis=30_000))  # type: ignore[arg-type]
    cast.ask.emulator.clock.advance(31)
    assert cast.visitor(agents.poll_agent_registration(poll_token=second.poll_token.reveal())).status == "expired"
    late = agents.confirm_agent_registration(claim_code=second.claim_code.reveal(), action="approve")
    assert ada.refused(late) == (400, "AGENT_AUTH_INVALID_CLAIM_CODE")
    unknown = agents.poll_agent_registration(poll_token="nope")
    assert cast.visitor.refused(unknown) == (400, "INVALID_POLLING_CODE")


def test_agents_come_to_projects_that_let_them(cast: Cast, ada: Person) -> None:
    """Only trusted apps get them, and anonymous users cannot authorize them."""
    elsewhere = agents.register_agent(agent={"name": "A"}, app_url="https://evil.example.org")  # type: ignore[arg-type]
    assert cast.visitor.refused(elsewhere) == (400, "REDIRECT_URL_NOT_WHITELISTED")
    made = cast.visitor(agents.register_agent(agent={"name": "A"}))  # type: ignore[arg-type]
    body = {"claim_code": made.claim_code.reveal(), "action": "approve"}
    session = {"access_token": made.anonymous_session.access_token.reveal(), "allow_anonymous_user": "true"}
    refused = cast.ask.client("POST", "/agent/register/confirm", body, **session)
    assert refused.json()["code"] == "ANONYMOUS_AUTHENTICATION_NOT_ALLOWED"
    assert "agent/register" in cast.visitor(agents.get_agent_discovery()).registration_endpoint
    assert b"# Sign in" in cast.visitor.reply(agents.get_agent_guide()).content
    cast.settings(**{"apps__installed__agent-auth__enabled": False})
    off = agents.register_agent(agent={"name": "A"})  # type: ignore[arg-type]
    assert cast.visitor.refused(off) == (400, "AGENT_AUTH_NOT_ENABLED")


def test_browser_actions_are_for_trusted_origins(cast: Cast, ada: Person) -> None:
    """An impersonation needs a user; a clickmap takes none."""
    origin = "http://localhost:3000"
    made = cast.ask.server("POST", "/browser-actions", {"type": "impersonation", "origin": origin, "user_id": ada.id})
    assert made.status == 200
    assert made.json()["url"].startswith(f"{origin}/?")
    assert made.json()["url"].endswith(made.json()["id"])
    for body, status in (
        ({"type": "impersonation", "origin": origin}, 400),
        ({"type": "clickmap-overlay", "origin": origin, "user_id": ada.id}, 400),
        ({"type": "clickmap-overlay", "origin": "https://evil.example.org"}, 400),
        ({"type": "clickmap-overlay", "origin": origin}, 200),
    ):
        assert cast.ask.server("POST", "/browser-actions", body).status == status, body


def test_secrets_are_kept_and_never_given_back(cast: Cast) -> None:
    """Once for each environment; a second time overwrites."""
    first = cast.server(project_secrets.set_project_secret(key="STRIPE_KEY", value="one"))
    second = cast.server(project_secrets.set_project_secret(key="STRIPE_KEY", value="two"))
    assert (first.created, second.created, second.environment) == (True, False, "all")
    cast.server(project_secrets.set_project_secret(key="STRIPE_KEY", value="test", environment="preview"))
    listed = cast.server.reply(project_secrets.list_project_secrets())
    assert [each["environment"] for each in listed.json()["items"]] == ["all", "preview"]
    assert b"two" not in listed.content
    assert [each.value for each in cast.ask.emulator.state[PROJECT_SECRETS]] == ["two", "test"]
    cast.server(project_secrets.delete_project_secret("STRIPE_KEY"))
    assert cast.server.refused(project_secrets.delete_project_secret("STRIPE_KEY")) == (404, "Secret not found.")
    assert cast.server.refused(project_secrets.set_project_secret(key="a b", value="x")) == (400, "SCHEMA_ERROR")
    assert cast.server.refused(project_secrets.set_project_secret(key="a", value="")) == (400, "SCHEMA_ERROR")

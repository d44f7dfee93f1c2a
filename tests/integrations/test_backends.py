"""The example apps of all frameworks behave the same for every kind of caller: over sockets, with the emulator."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

UNCACHEABLE = "private, no-store"


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def assert_refused(response, status, code, **details):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.json()["details"] == details
    assert response.json()["error"]
    assert response.headers["content-type"].startswith("application/json")
    assert response.headers["cache-control"] == UNCACHEABLE
    assert response.headers["www-authenticate"].startswith('Bearer realm="hexclave"')


def test_signed_in_users_come_in(backend, world):
    response = backend.get("/me", headers=bearer(world.token))
    assert (response.status_code, response.json()) == (200, {"user": world.user_id})
    assert response.headers["cache-control"] == UNCACHEABLE


def test_the_header_of_the_browser_sdks_counts_too(backend, world):
    assert backend.get("/me", headers={"x-stack-access-token": world.token}).json() == {"user": world.user_id}


def test_no_visitor_is_asked_to_sign_in(backend):
    response = backend.get("/me")
    assert_refused(response, 401, "USER_AUTHENTICATION_REQUIRED")
    assert "error=" not in response.headers["www-authenticate"]


def test_expired_tokens_are_refused(backend, world):
    response = backend.get("/me", headers=bearer(world.expired))
    assert_refused(response, 401, "ACCESS_TOKEN_EXPIRED")
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert world.expired not in response.text


@pytest.mark.parametrize("path", ["/me", "/hello"])
def test_forged_tokens_are_refused(backend, world, path):
    head, _, _ = world.token.rpartition(".")
    _, _, other = world.reader.rpartition(".")
    assert_refused(backend.get(path, headers=bearer(f"{head}.{other}")), 401, "UNPARSABLE_ACCESS_TOKEN")


def test_restricted_users_come_in_only_where_they_are_admitted(backend, world):
    assert_refused(backend.get("/me", headers=bearer(world.restricted)), 403, "RESTRICTED_USER_NOT_ALLOWED")
    assert backend.get("/welcome", headers=bearer(world.restricted)).status_code == 200


def test_anonymous_users_come_in_only_where_they_are_admitted(backend, world):
    for path in ("/me", "/welcome"):
        assert_refused(backend.get(path, headers=bearer(world.anonymous)), 403, "ANONYMOUS_AUTHENTICATION_NOT_ALLOWED")
    assert backend.get("/cart", headers=bearer(world.anonymous)).status_code == 200


def test_open_endpoints_know_the_user_and_accept_all_visitors(backend, world):
    for headers, user in ((bearer(world.token), world.user_id), ({}, None), (bearer(world.anonymous), None)):
        response = backend.get("/hello", headers=headers)
        assert (response.status_code, response.json()) == (200, {"user": user})
        assert response.headers["cache-control"] == UNCACHEABLE


def test_cookies_do_not_sign_in(backend, world):
    cookies = f'stack-refresh-{world.emulator.project.project_id}=r; stack-access=["r","{world.token}"]'
    assert_refused(backend.get("/me", headers={"cookie": cookies}), 401, "USER_AUTHENTICATION_REQUIRED")


def test_a_permission_in_the_project_is_needed(backend, world):
    assert backend.get("/reports", headers=bearer(world.reader)).json() == {"reports": []}
    details = {"user_id": world.user_id, "permission_id": "read_reports"}
    refused = backend.get("/reports", headers=bearer(world.token))
    assert_refused(refused, 403, "PROJECT_PERMISSION_REQUIRED", **details)
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]
    assert_refused(backend.get("/reports"), 401, "USER_AUTHENTICATION_REQUIRED")


def test_a_permission_in_the_team_is_needed(backend, world):
    path = f"/teams/{world.team_id}/documents"
    assert backend.post(path, headers=bearer(world.author)).json()["team"] == world.team_id
    for token in (world.member, world.token):
        response = backend.post(path, headers=bearer(token))
        details = response.json()["details"]
        assert_refused(response, 403, "TEAM_PERMISSION_REQUIRED", **details)
        assert (details["team_id"], details["permission_id"]) == (world.team_id, "write_documents")


def test_a_permission_counts_in_its_own_team_alone(backend, world):
    other = world.app.teams.create(display_name="Others").id
    response = backend.post(f"/teams/{other}/documents", headers=bearer(world.author))
    assert response.status_code == 403


def test_members_of_the_team_come_in(backend, world):
    assert backend.get(f"/teams/{world.team_id}", headers=bearer(world.member)).status_code == 200
    refused = backend.get(f"/teams/{world.team_id}", headers=bearer(world.token))
    assert_refused(refused, 403, "TEAM_MEMBERSHIP_NOT_FOUND", team_id=world.team_id, user_id=world.user_id)


@pytest.mark.parametrize("team_id", ["00000000-0000-4000-8000-000000000000", "x", "%2e%2e", "a%20b", "%22%0d%0aX: y"])
def test_a_team_that_does_not_exist_has_no_members(backend, world, team_id):
    response = backend.get(f"/teams/{team_id}", headers=bearer(world.member))
    assert response.status_code in (403, 404), response.text
    assert "x" not in response.headers


def test_api_keys_of_users_count_where_they_are_admitted(backend, world):
    for headers in ({"x-api-key": world.api_key}, bearer(world.api_key)):
        assert backend.get("/export", headers=headers).json() == {"user": world.user_id}
        assert_refused(backend.get("/me", headers=headers), 401, "USER_AUTHENTICATION_REQUIRED")
    assert backend.get("/export", headers=bearer(world.token)).status_code == 200


def test_api_keys_of_teams_are_no_users(backend, world):
    refused = backend.get("/export", headers={"x-api-key": world.team_key})
    assert_refused(refused, 401, "API_KEY_NOT_VALID")
    assert world.team_key not in refused.text


def test_asking_the_api_detects_deleted_users(backend, world):
    assert backend.get("/account", headers=bearer(world.token)).json() == {"user": world.user_id}
    ended = world.app.users.create(primary_email=f"gone-{backend.name}@example.com", primary_email_verified=True)
    token = world.app.sessions.create(ended.id).access_token.reveal()
    world.app.users.delete(ended.id)
    assert backend.get("/me", headers=bearer(token)).status_code == 200
    refused = backend.get("/account", headers=bearer(token))
    assert refused.status_code == 401, refused.text
    assert_refused(refused, 401, refused.json()["code"])


def test_the_app_makes_calls_of_its_own(backend, world):
    assert backend.get("/profile", headers=bearer(world.token)).json() == {"name": "ada"}


def test_responses_that_do_not_depend_on_the_session_may_be_cached(backend):
    assert "cache-control" not in backend.get("/new-users").headers


def test_webhooks_are_handled_once(backend, world):
    hx = world.emulator
    endpoint = hx.send_webhooks_to(f"{backend.base_url}/webhooks", "user.created")
    created = world.app.users.create(primary_email=f"new-{backend.name}@example.com")
    hx.wait_for_webhooks(20)
    (delivery,) = [each for each in hx.deliveries if each.endpoint_id == endpoint.id]
    assert [attempt["status"] for attempt in delivery.attempts] == [200]
    again = hx.webhooks[-1]
    response = backend.post("/webhooks", content=again.body, headers=again.headers)
    assert (response.status_code, response.json()) == (200, {"outcome": "duplicate"})
    assert backend.get("/new-users").json() == [created.id]


def test_events_without_a_handler_are_accepted(backend, world):
    world.app.teams.create(display_name="Quiet")
    hook = world.emulator.webhooks[-1]
    response = backend.post("/webhooks", content=hook.body, headers=hook.headers)
    assert response.json() == {"outcome": "ignored"}


def test_invalid_webhooks_are_refused(backend, world):
    hook = world.emulator.webhooks[-1]
    for content, headers in ((hook.body + b" ", hook.headers), (hook.body, {}), (b"", {})):
        assert backend.post("/webhooks", content=content, headers=headers).status_code == 400
    assert backend.get("/webhooks").status_code == 405


def test_deliveries_larger_than_any_event_are_not_read(backend):
    # The rest of the body is left unread, so the connection is unusable afterwards.
    response = backend.post("/webhooks", content=b"x" * ((1 << 20) + 1), headers={"connection": "close"})
    assert response.status_code == 413


def test_many_requests_at_once_are_kept_apart(backend, world, record_property):
    people = [world.token, world.reader, world.author, world.member]
    ids = [backend.get("/me", headers=bearer(token)).json()["user"] for token in people]

    def ask(n):
        path = f"/teams/{world.team_id}" if n % 4 == 3 else "/me"
        return n, backend.get(path, headers=bearer(people[n % 4]))

    begun = time.perf_counter()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(ask, range(200)))
    took = time.perf_counter() - begun
    assert all((response.status_code, response.json()["user"]) == (200, ids[n % 4]) for n, response in answers)
    record_property("figures", f"{backend.name}: 200 parallel requests in {took:.2f} s")

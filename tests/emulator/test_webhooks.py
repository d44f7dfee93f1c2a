"""Webhooks: captured for tests, and delivered over HTTP, signed, with retries."""

import contextlib
import json
import socket
import time
from pathlib import Path

import pytest
from svix.webhooks import Webhook as SvixWebhook

from hexclave.testing import RunningEmulator, emulator
from hexclave.webhooks import Router
from hexclave_api import OPERATIONS
from hexclave_emulator import Emulator
from hexclave_emulator.webhooks.endpoints import DELIVERIES, add_endpoint
from hexclave_emulator.webhooks.events import emit
from tests.emulator.asking import Asker
from tests.emulator.receiving import endpoint

create_user = OPERATIONS["create_user"].function
create_team = OPERATIONS["create_team_as_server"].function

MINUTE = 60


def sign_up(hx: RunningEmulator) -> str:
    return str(hx.server_app().call(create_user(primary_email="ada@example.com")).id)


def test_a_captured_webhook_goes_through_a_router() -> None:
    """A test passes it to the production handler, without any socket."""
    seen = []
    with emulator() as hx:
        router = Router(hx.webhook_secret)
        router.on("user.created")(seen.append)
        user_id = sign_up(hx)
        (hook,) = hx.webhooks
        assert router.handle(hook.body, hook.headers).outcome == "handled"
        assert router.handle(hook.body, hook.headers).outcome == "duplicate"
        assert [event.body.data.id for event in seen] == [user_id]
        assert (hook.type, hook.data["primary_email"]) == ("user.created", "ada@example.com")


def test_an_endpoint_gets_what_svix_would_send() -> None:
    """The official library of Svix accepts the delivery."""
    with emulator() as hx, endpoint() as receiver:
        made = hx.send_webhooks_to(receiver.url)
        user_id = sign_up(hx)
        hx.wait_for_webhooks()
        ((body, headers),) = receiver.received
        SvixWebhook(made.secret).verify(body, headers)
        event = json.loads(body)
        assert (event["type"], event["data"]["id"]) == ("user.created", user_id)
        assert [(each.progress, [one["status"] for one in each.attempts]) for each in hx.deliveries] == [
            ("delivered", [200])
        ]


def test_only_the_wanted_types_are_sent() -> None:
    """An endpoint may list its types; events before its creation are not sent."""
    with emulator() as hx, endpoint() as receiver:
        sign_up(hx)
        hx.send_webhooks_to(receiver.url, "team.created")
        hx.server_app().call(create_user())
        hx.server_app().call(create_team(display_name="Engineers"))
        hx.wait_for_webhooks()
        assert [json.loads(body)["type"] for body, _ in receiver.received] == ["team.created"]


@pytest.mark.parametrize("refusal", [500, 404, 302])
def test_a_refused_delivery_comes_again_when_the_clock_says_so(refusal: int) -> None:
    """With the same id, so that receivers can detect it; a redirect counts as a failure."""
    with emulator() as hx, endpoint(refusal) as receiver:
        hx.send_webhooks_to(receiver.url)
        sign_up(hx)
        hx.wait_for_webhooks()
        assert [each.progress for each in hx.deliveries] == ["pending"]
        hx.clock.advance(5)
        hx.wait_for_webhooks()
        assert [each.progress for each in hx.deliveries] == ["delivered"]
        assert len(receiver.received) == 2
        assert len({headers["svix-id"] for _, headers in receiver.received}) == 1


def test_a_later_attempt_is_signed_anew() -> None:
    """Receivers refuse old signatures, and judge the age by real time however far the clock was moved."""
    with emulator() as hx, endpoint(500, 500) as receiver:
        made = hx.send_webhooks_to(receiver.url)
        sign_up(hx)
        for wait in (0, 5, 5 * MINUTE):
            hx.clock.advance(wait)
            hx.wait_for_webhooks()
        assert len(receiver.received) == 3
        for body, headers in receiver.received:
            SvixWebhook(made.secret).verify(body, headers)


def test_after_the_last_attempt_a_delivery_has_failed() -> None:
    """Eight attempts with the pauses of Svix, in no time by a frozen clock; nothing comes early."""
    with emulator() as hx, endpoint(*[503] * 20) as receiver:
        hx.clock.freeze()
        hx.send_webhooks_to(receiver.url)
        sign_up(hx)
        hx.wait_for_webhooks()
        for seconds in (5, 5 * MINUTE, 30 * MINUTE, 120 * MINUTE, 300 * MINUTE, 600 * MINUTE, 600 * MINUTE):
            before = len(receiver.received)
            hx.clock.advance(seconds - 1)
            hx.wait_for_webhooks()
            assert len(receiver.received) == before
            hx.clock.advance(1)
            hx.wait_for_webhooks()
            assert len(receiver.received) == before + 1
        assert [each.progress for each in hx.deliveries] == ["failed"]
        hx.clock.advance(24 * 3600)
        hx.wait_for_webhooks()
        assert len(receiver.received) == 8


def test_an_unreachable_endpoint_is_an_error_of_the_attempt() -> None:
    """It gives the reason, and the emulator continues."""
    with emulator() as hx:
        hx.send_webhooks_to("http://127.0.0.1:9/")
        sign_up(hx)
        hx.wait_for_webhooks()
        (delivery,) = hx.deliveries
        assert "ConnectionRefusedError" in delivery.attempts[0]["error"]


def test_events_of_a_refused_request_are_not_sent() -> None:
    """Events are committed or rolled back together with the changes they report."""
    with emulator() as hx, endpoint() as receiver:
        hx.send_webhooks_to(receiver.url)
        with contextlib.suppress(ZeroDivisionError), hx.inner.transaction() as state:
            emit(state, hx.project.project_id, "user.created", {}, now=0)
            raise ZeroDivisionError
        hx.wait_for_webhooks()
        assert (receiver.received, hx.events) == ([], [])


def test_deliveries_survive_a_restart(tmp_path: Path) -> None:
    """Pending deliveries are sent after the next start."""
    file = tmp_path / "state.db"
    with endpoint(500) as receiver:
        with emulator(db=file) as hx:
            hx.send_webhooks_to(receiver.url)
            sign_up(hx)
            hx.wait_for_webhooks()
        with emulator(db=file) as hx:
            hx.clock.advance(10)
            hx.wait_for_webhooks()
            assert [each.progress for each in hx.deliveries] == ["delivered"]
        assert len(receiver.received) == 2


def test_a_slow_endpoint_does_not_block_requests() -> None:
    """Requests are still answered, and stopping does not wait for it."""
    with socket.create_server(("127.0.0.1", 0)) as silent, emulator() as hx:
        hx.send_webhooks_to(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        began = time.monotonic()
        sign_up(hx)
        with pytest.raises(TimeoutError, match=r"still in flight after 0\.1 s"):
            hx.wait_for_webhooks(0.1)
        hx.stop()
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "url", ["", "localhost:8000", "ftp://localhost/", "http://", "http://localhost:x/", "http://a\nb/", "http://[/"]
)
def test_a_url_that_nothing_can_be_sent_to_is_refused(url: str) -> None:
    """Before any event is lost."""
    with emulator() as hx, pytest.raises(ValueError, match="not a valid webhook URL"):
        hx.send_webhooks_to(url)


def test_a_test_event_goes_to_its_endpoint(emulator: Emulator, ask: Asker) -> None:
    """An unknown endpoint is reported in the reply and not by its status."""
    with endpoint() as receiver:
        assert emulator.ready is not None
        with emulator.transaction() as state:
            made = add_endpoint(state, emulator.ready.project_id, receiver.url, types=["team.created"])
        reply = ask.admin("POST", "/internal/send-test-webhook", {"endpoint_id": made.id})
        assert reply.json() == {"success": True}
        assert emulator.deliveries.wait(5)
        assert json.loads(receiver.received[0][0])["type"] == "stack.test"
    reply = ask.admin("POST", "/internal/send-test-webhook", {"endpoint_id": "ep_x"})
    assert (reply.status, reply.json()["success"]) == (200, False)
    assert len(emulator.state[DELIVERIES]) == 1


def test_secrets_of_endpoints_do_not_show() -> None:
    """Neither in the repr of an endpoint nor in that of a webhook."""
    with emulator() as hx:
        made = hx.send_webhooks_to("http://127.0.0.1:9/")
        sign_up(hx)
        assert made.secret not in repr(made)
        assert hx.webhooks[0].headers["svix-signature"] not in repr(hx.webhooks[0])

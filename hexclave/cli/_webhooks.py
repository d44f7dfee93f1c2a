"""`webhooks listen` and `webhooks trigger`."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import click

from hexclave.cli._asking import ask, ask_json
from hexclave.cli._exits import Exit, Failure
from hexclave.cli._output import for_people, json_text, note, print_line
from hexclave.cli._profiles import EMULATOR, EMULATOR_URL, ENVIRONMENT, load, variable
from hexclave.cli._samples import sample_event
from hexclave.cli._state import common_options, current
from hexclave.cli._values import JsonType, SecretType
from hexclave.webhooks import sign
from hexclave_api.secret import Secret
from hexclave_api.webhooks import EVENTS


@click.command("trigger", params=common_options(("json",)))
@click.argument("event", type=click.Choice(sorted(EVENTS)))
@click.option("--url", required=True, help="The endpoint of your application.")
@click.option("--secret", type=SecretType(), required=True, help="The signing secret of the endpoint (whsec_…).")
@click.option("--data", type=JsonType(), help="The event's data, instead of a sample with every field.")
def trigger_command(event: str, url: str, secret: Secret, data: Any) -> None:
    """Send a signed sample event to a URL, as Hexclave would.

    Prints the status of the reply. The exit status is 1 unless it is from 200 to 299.
    """
    payload = sample_event(event)
    if data is not None:
        payload["data"] = data
    body = json.dumps(payload).encode()
    webhook_id = f"msg_{secrets.token_hex(12)}"
    headers = {
        **sign(body, secret, webhook_id=webhook_id, sent_at=datetime.now(UTC)),
        "content-type": "application/json",
    }
    reply = ask("POST", url, body, headers, within=15)
    if for_people():
        print_line(f"{event} → {url}: {reply.status}")
    else:
        print(json_text({"event": event, "id": webhook_id, "url": url, "status": reply.status}))
    if not 200 <= reply.status < 300:
        text = reply.content[:200].decode("utf-8", "replace").strip()
        raise Failure(f"{url} answered {reply.status}{': ' if text else '.'}{text}", Exit.REFUSED)


@click.command("listen", params=common_options(("profile", "json")))
@click.option("--forward", required=True, metavar="URL", help="The endpoint of your application.")
@click.option("--event", "events", multiple=True, type=click.Choice(sorted(EVENTS)), help="Only these; repeatable.")
@click.option("--secret", type=SecretType(), help="Sign with this secret (whsec_…); by default, a new one.")
def listen_command(forward: str, events: tuple[str, ...], secret: Secret | None) -> None:
    """Forward the webhooks of an emulator to your application, and print each delivery, until Ctrl-C.

    The emulator signs and repeats deliveries as Hexclave does. Cloud projects cannot reach this machine: add an
    endpoint with a public address in the dashboard for them.
    """
    base_url, project_id = _emulator()
    body: dict[str, Any] = {"url": forward, "types": list(events), "project_id": project_id}
    if secret is not None:
        body["secret"] = secret.reveal()
    with _endpoint(base_url, body) as endpoint:
        note(f"Forwarding to {forward}. Ctrl-C ends it.")
        if secret is None:
            # Generated for this run: receivers need it to verify the deliveries.
            note(f"export HEXCLAVE_WEBHOOK_SECRET={endpoint['secret']}", always=True)
        _follow(base_url, endpoint["id"])


def _emulator() -> tuple[str, str]:
    """The address of the emulator and the project."""
    profile = load(current().profile or (ENVIRONMENT if variable("PROJECT_ID") else EMULATOR))
    base_url = profile.api_url or EMULATOR_URL
    try:
        ask_json("GET", f"{base_url}/_emulator/api/project")
    except Failure:
        raise Failure(
            f"{base_url} is not an emulator, or does not answer.", Exit.NETWORK, "hexclave-py emulator"
        ) from None
    return base_url, profile.project_id


@contextmanager
def _endpoint(base_url: str, body: dict[str, Any]) -> Iterator[dict[str, str]]:
    place = f"{base_url}/_emulator/api/webhook-endpoints"
    endpoint = ask_json("POST", place, body)
    try:
        yield endpoint
    finally:
        with suppress(Failure):  # The emulator may have gone, and the endpoint with it.
            ask_json("DELETE", place, {"id": endpoint["id"]})


def _follow(base_url: str, endpoint_id: str) -> None:
    """Print delivery attempts as they happen."""
    seen: dict[str, int] = {}
    while True:
        try:
            found = ask_json("GET", f"{base_url}/_emulator/api/deliveries")["items"]
        except Failure:
            raise Failure("The emulator has stopped.", Exit.NETWORK) from None
        for delivery in found:
            if delivery["endpoint_id"] == endpoint_id:
                attempts = delivery["attempts"]
                for attempt in attempts[seen.get(delivery["id"], 0) :]:
                    _print_attempt(delivery, attempt)
                seen[delivery["id"]] = len(attempts)
        time.sleep(0.25)


def _print_attempt(delivery: dict[str, Any], attempt: dict[str, Any]) -> None:
    outcome = attempt.get("status") or attempt.get("error")
    if for_people():
        print_line(f"{datetime.now().astimezone():%H:%M:%S}  {delivery['type']}  {delivery['message_id']}  {outcome}")
    else:
        shown = {"id": delivery["message_id"], "type": delivery["type"], "body": json.loads(delivery["body"])}
        print(json_text({**shown, **attempt}), flush=True)

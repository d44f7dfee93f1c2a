"""Test emails: checks of email server settings."""

from typing import Final

from hexclave_emulator.checking.rules import EMAIL
from hexclave_emulator.mail.messages import send_mail
from hexclave_emulator.messages.exchange import Reply, ok
from hexclave_emulator.routing.routes import ADMIN, Request, route
from hexclave_emulator.state.tables import State

_DEAD_PORT: Final = 1
"""A host without a server on any machine: use it to make a test email fail."""


@route("POST", "/internal/send-test-email", access=ADMIN, rules={"body.recipient_email": EMAIL})
def send_test_email(request: Request, state: State) -> Reply:
    config = request.body["email_config"]
    if config["port"] == _DEAD_PORT:
        message = (
            "Unknown error while sending test email. Make sure the email server is running and accepting connections."
        )
        return ok({"success": False, "error_message": message})
    send_mail(
        state,
        request.project.id,
        request.body["recipient_email"],
        "test",
        "Test email",
        f"This is a test email from {config['sender_email']}.",
        now=request.now,
    )
    return ok({"success": True})

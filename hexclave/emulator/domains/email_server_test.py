"""Test e-mails: would the settings of an e-mail server do?"""

from typing import Final

from hexclave.emulator.exchange import Reply, ok
from hexclave.emulator.mail import send_mail
from hexclave.emulator.routing import ADMIN, Request, route
from hexclave.emulator.rules import EMAIL
from hexclave.emulator.state import State

_DEAD_PORT: Final = 1
"""Nothing listens there on any machine: the way to see a test e-mail fail."""


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
        f"This is a test e-mail from {config['sender_email']}.",
        now=request.now,
    )
    return ok({"success": True})

"""Operations of the generated package, executed by an emulator in this process; every reply is read strictly."""

import json
from typing import Any, TypeVar

import attrs

from hexclave_api import strict
from hexclave_api.operation import UNSET, Operation
from hexclave_api.secret import revealed
from hexclave_emulator import Reply
from hexclave_emulator.mail.messages import MAILS, Mail
from hexclave_emulator.webhooks.events import EVENTS
from tests.emulator.asking import Asker

T = TypeVar("T")


@attrs.frozen
class Actor:
    """A caller: a key of the ready project, or a user with a client key."""

    ask: Asker
    access: str
    headers: dict[str, str] = attrs.field(factory=dict)

    def __call__(self, operation: Operation[T]) -> T:
        """Return the result; the reply must match the description exactly."""
        reply = self.reply(operation)
        assert reply.status < 300, (reply.status, reply.content)
        return strict.parse(operation, reply.json())

    def refused(self, operation: Operation[Any]) -> tuple[int, str]:
        """Return the status, and the known error or plain text."""
        reply = self.reply(operation)
        return reply.status, reply.headers.get("x-stack-known-error") or reply.content.decode()

    def reply(self, operation: Operation[Any]) -> Reply:
        body = None if operation.body is UNSET else json.loads(json.dumps(operation.body, default=revealed))
        if body is None and operation.method != "GET":
            body = {}
        send = getattr(self.ask, self.access)
        return send(operation.method, operation.url, body, **self.headers)


@attrs.frozen
class Person(Actor):
    """A signed-in user."""

    id: str = ""
    email: str = ""


@attrs.frozen
class Cast:
    """All callers for a test."""

    ask: Asker

    @property
    def server(self) -> Actor:
        return Actor(self.ask, "server")

    @property
    def admin(self) -> Actor:
        return Actor(self.ask, "admin")

    @property
    def visitor(self) -> Actor:
        """A client without a user."""
        return Actor(self.ask, "client")

    def person(self, name: str, **fields: Any) -> Person:
        """Create a user `name@example.com` with a verified address, signed in."""
        email = f"{name}@example.com"
        given = {"primary_email": email, "primary_email_verified": True, "primary_email_auth_enabled": True, **fields}
        user_id = self.ask.server("POST", "/users", given).json()["id"]
        tokens = self.ask.server("POST", "/auth/sessions", {"user_id": user_id}).json()
        headers = {"access_token": tokens["access_token"], "allow_anonymous_user": "true"}
        return Person(self.ask, "client", headers, id=user_id, email=email)

    def settings(self, **changes: Any) -> None:
        """Change settings of the ready project; `__` is replaced by a dot."""
        from hexclave_emulator.domains.projects import change_settings

        emulator = self.ask.emulator
        assert emulator.ready is not None
        with emulator.transaction() as state:
            named = {name.replace("__", "."): value for name, value in changes.items()}
            change_settings(state, emulator.project(emulator.ready.project_id), named)

    def events(self, *prefixes: str) -> list[tuple[str, dict[str, Any]]]:
        """Return type and data of the events reported so far, of these families."""
        return [(each.type, each.data) for each in self.ask.emulator.state[EVENTS] if each.type.startswith(prefixes)]

    def mails(self, to: str) -> list[Mail]:
        return self.ask.emulator.state[MAILS].where(to=to)


def code_of(mail: Mail) -> str:
    """Return the code in an email."""
    assert mail.code is not None
    return mail.code

"""Apps whose requests are recorded and answered with examples from the description."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

import hexclave
from hexclave._messages import Reply, Request
from hexclave.bulk import Outcomes
from hexclave.hooks import Hooks, RequestEvent
from hexclave.oauth import OAuthAuthorization
from hexclave.vault import VaultKey
from hexclave_api import strict
from hexclave_api.operations import OPERATIONS
from hexclave_emulator.checking.description import description
from hexclave_emulator.checking.examples import example_reply
from tests.playing import FakeClock, play, reply
from tests.surface.calls import NAMES

KEYS = {
    "client": {"publishable_client_key": "pck_not_a_real_key_0000000000000000000000000000"},
    "server": {"secret_server_key": "ssk_not_a_real_key_0000000000000000000000000000"},
    "admin": {"super_secret_admin_key": "sak_not_a_real_key_0000000000000000000000000000"},
}
APPS = {
    "client": hexclave.HexclaveClientApp,
    "server": hexclave.HexclaveServerApp,
    "admin": hexclave.HexclaveAdminApp,
}

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    # Examples contain `example` in places that the SDK parses further.
    "start_cli_login": {"expires_at": "2030-01-01T12:00:00Z"},
    "poll_cli_login": {"status": "success", "refresh_token": "r"},
    "activate_email_capacity_boost": {"expires_at": "2030-01-01T12:00:00.000Z"},
    "get_config": {"config_string": '{"a": 1}'},
    "get_config_override": {"config_string": '{"a": 1}'},
    "get_outbox_email": {"simple_status": "ok"},
    "get_session_replay_render": {"status": "succeeded"},
    "get_data_vault_value": {
        "encrypted_value": VaultKey.derive("my-key", hexclave.Secret("my-secret")).encrypt(
            hexclave.Secret("hello world")
        )
    },
}


@attrs.define
class Recording:
    """The requests of one app."""

    app: Any
    requests: list[Request] = attrs.field(factory=list)
    operations: list[str] = attrs.field(factory=list)
    answer: Callable[[Request, str], Reply] | None = None

    def call(self, expression: str) -> Any:
        names = NAMES | {"app": self.app, "authorization": AUTHORIZATION, "pending": PENDING}
        result = eval(f"app.{expression}", names)
        # Bulk methods send while their outcomes are consumed.
        return list(result) if isinstance(result, Outcomes) else result

    def respond(self, request: Request) -> Reply:
        self.requests.append(request)
        name = self.operations[-1]
        if self.answer is not None:
            return self.answer(request, name)
        return example(name, request.headers["x-stack-access-type"])

    @property
    def sent(self) -> list[tuple[str, Any]]:
        """Return method with URL, and body, of each request."""
        return [
            (
                f"{request.method} {request.url.removeprefix('https://api.example.com/api/v1')}",
                None if request.content is None else _body(request),
            )
            for request in self.requests
        ]


def _body(request: Request) -> Any:
    if request.headers["content-type"] == "application/json":
        return json.loads(request.content or b"")
    return (request.content or b"").decode()


def example(name: str, access: str) -> Reply:
    """Return a reply that the description allows; checked against its model."""
    described = DESCRIBED[OPERATIONS[name].method, OPERATIONS[name].path]
    answered = example_reply(described, access)
    if not answered.content or not answered.headers.get("content-type", "").startswith("application/json"):
        return Reply(answered.status, {"content-type": "text/plain"}, answered.content)
    data = json.loads(answered.content)
    if isinstance(data, dict):
        data.update(ANSWERS.get(name, {}))
    result = strict.result_type(name)
    assert strict.check(result, data) == [], name
    return reply(answered.status, data)


DESCRIBED = {(each.method, each.template): each for each in description().operations}
AUTHORIZATION = OAuthAuthorization(
    hexclave.Secret("https://api.example.com"), "https://a.example.com", hexclave.Secret("s"), hexclave.Secret("v")
)
PENDING = hexclave.PendingCliLogin(
    url=hexclave.Secret("https://a.example.com"),
    login_code=hexclave.Secret("login"),
    polling_code=hexclave.Secret("polling"),
    expires_at=datetime.now(UTC) + timedelta(hours=1),
)


class _Player:
    """An executor without sockets or clocks."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def run(self, steps: Any) -> Any:
        recording = self._recording
        played = play(recording.app._context, steps, recording.respond, cycle=True)
        if played.error is not None:
            raise played.error
        return played.result


def recorded(access: str, answer: Callable[[Request, str], Reply] | None = None) -> Recording:
    """Return an app of this access type with a signed-in user."""
    clock = FakeClock(unix=time.time())
    operations: list[str] = []

    def note(event: RequestEvent) -> None:
        operations.append(event.operation)

    app = APPS[access](
        "project-1",
        **KEYS[access],
        session=hexclave.MemoryTokenStore(hexclave.Tokens(token(clock), "refresh")),
        base_url="https://api.example.com",
        allow_anonymous=True,
        hooks=Hooks(on_request=note),
    )
    app.close()
    app = app._derived(clock=clock)
    recording = Recording(app, operations=operations, answer=answer)
    app._performer = type(app._performer)(app._context, _Player(recording))
    return recording


def token(clock: FakeClock) -> str:
    """Return a token in the API's format, not signed."""
    claims = {
        "iat": int(clock.time()),
        "exp": int(clock.time()) + 600,
        "sub": "u1",
        "iss": "https://api.example.com/api/v1/projects/project-1",
        "aud": "project-1",
        "project_id": "project-1",
        "branch_id": "main",
        "refresh_token_id": "s1",
        "role": "authenticated",
        "name": "Ada",
        "email": "ada@example.com",
        "email_verified": True,
        "selected_team_id": None,
        "signed_up_at": int(clock.time()),
        "is_anonymous": False,
        "is_restricted": False,
        "restricted_reason": None,
        "requires_totp_mfa": False,
    }
    parts = [{"alg": "ES256", "kid": "k"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "A" * 86])

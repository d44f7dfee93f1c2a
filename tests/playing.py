"""Simulated calls: outcomes for their steps, without sockets or clocks."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs

from hexclave import credentials
from hexclave._engine.context import Context, Shared
from hexclave._engine.exchange import exchange
from hexclave._engine.session import Session
from hexclave._messages import Reply, Request
from hexclave._steps import Call, Done, Send, Sleep, Step, Steps, Wait
from hexclave.hooks import Hooks
from hexclave.ratelimit import Gates
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from hexclave.tokens import Tokens, TokenStore
from hexclave_api.operation import AccessType, Operation
from hexclave_api.secret import Secret

T = TypeVar("T")

KEYS = {
    "client": {"publishable_client_key": Secret("pck_not_a_real_key_0000000000000000000000000000")},
    "server": {"secret_server_key": Secret("ssk_not_a_real_key_0000000000000000000000000000")},
    "admin": {"super_secret_admin_key": Secret("sak_not_a_real_key_0000000000000000000000000000")},
}


@attrs.define
class FakeClock:
    """Time passes only when a step or a test advances it."""

    now: float = 1_000.0
    unix: float = 1_800_000_000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.unix + self.now - 1_000.0

    def pass_(self, seconds: float) -> None:
        self.now += seconds


def context(
    access: AccessType = "server",
    *,
    session: TokenStore | Tokens | None = None,
    timeout: Timeout | float | None = 60.0,
    retries: Retries | None = None,
    hooks: Hooks | None = None,
    allow_anonymous: bool = False,
    extra: Mapping[str, str] | None = None,
    clock: FakeClock | None = None,
) -> Context:
    keys = KEYS[access]
    return Context(
        project_id="project-1",
        access=access,
        base_url="https://api.example.com/api/v1",
        origin=("https", "api.example.com", 443),
        static_headers=credentials.static_headers(
            access,
            "project-1",
            keys,
            branch_id=None,
            allow_anonymous=allow_anonymous,
            allow_restricted=False,
            extra=credentials.extra_headers(credentials.headers_as_secrets(extra)),
        ),
        client_id="project-1",
        publishable_client_key=keys.get("publishable_client_key"),
        allow_anonymous=allow_anonymous,
        timeout=Timeout.of(timeout),
        retries=retries or Retries(),
        hooks=hooks or Hooks(),
        shared=Shared(Gates),
        session=None if session is None else Session(session),
        clock=clock or FakeClock(),
    )


def operation(method: str = "GET", **changes: Any) -> Operation[Any]:
    given: dict[str, Any] = {
        "name": "get_user",
        "method": method,
        "template": "/users/{user_id}",
        "path": ("users", "u1"),
        "access": ("client", "server", "admin"),
        "parse": lambda data: data,
    }
    return Operation(**(given | changes))


def reply(status: int = 200, body: Any = None, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def known_error(status: int, code: str, details: Mapping[str, Any] | None = None) -> Reply:
    body = {"code": code, "error": f"text of {code}"} | ({"details": details} if details else {})
    return reply(status, body, x_stack_known_error=code, x_stack_request_id="req1")


Outcome = Reply | BaseException | Callable[[Request], "Reply | BaseException"]


@attrs.define
class Played:
    """The steps of a call in order, and its result."""

    sent: list[Request] = attrs.field(factory=list)
    slept: list[float] = attrs.field(factory=list)
    waited: list[Wait] = attrs.field(factory=list)
    result: Any = None
    error: BaseException | None = None


def play(
    app: Context, what: Operation[Any] | Steps[Any] | Done[Any], *outcomes: Outcome, cycle: bool = False
) -> Played:
    """Run to the end; each request gets the next outcome, waits only advance the app's clock.

    `cycle` restarts with the first outcome after the last; otherwise each must be used exactly once.
    """
    if isinstance(what, Done):
        return Played(result=what.value)
    played = Played()
    steps = exchange(app, what) if isinstance(what, Operation) else what
    remaining = list(outcomes)
    try:
        step: Step = next(steps)
        while True:
            try:
                if cycle and not remaining:
                    remaining = list(outcomes)
                outcome = _perform(app, step, played, remaining)
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = steps.send(outcome)
    except StopIteration as end:
        played.result = end.value
    except Exception as error:
        played.error = error
    assert cycle or not remaining, f"{len(remaining)} outcomes were not asked for"
    return played


def _perform(app: Context, step: Step, played: Played, remaining: list[Outcome]) -> Any:
    match step:
        case Send(request):
            played.sent.append(request)
            assert remaining, f"no outcome for request number {len(played.sent)}"
            outcome = remaining.pop(0)
            if callable(outcome) and not isinstance(outcome, BaseException):
                outcome = outcome(request)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome
        case Sleep(seconds):
            played.slept.append(seconds)
            app.clock.pass_(seconds)  # type: ignore[attr-defined]
            return None
        case Call():
            return step.blocking()
        case Wait(future):
            played.waited.append(step)
            return future.done()


def access_token(clock: FakeClock, *, age: float = 0.0, lifetime: float = 600.0, name: str = "t") -> str:
    """Return a token in the API's shape, not signed: the SDK only reads `iat` and `exp`."""
    issued = int(clock.time() - age)
    parts = [{"alg": "ES256"}, {"iat": issued, "exp": issued + int(lifetime), "name": name}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "signature"])

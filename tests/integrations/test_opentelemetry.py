"""Spans and metrics, recorded by OpenTelemetry's own SDK, of apps that talk to the emulator."""

import asyncio
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import pytest
from opentelemetry import context, trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.utils import suppress_http_instrumentation, suppress_instrumentation
from opentelemetry.semconv.attributes import error_attributes, http_attributes, server_attributes, url_attributes
from opentelemetry.semconv.metrics.http_metrics import HTTP_CLIENT_REQUEST_DURATION
from opentelemetry.trace import SpanKind, StatusCode

from hexclave import Hooks, UnsafeUseError
from hexclave.errors import NotFoundError, ServerError
from hexclave.integrations.opentelemetry import HexclaveInstrumentor, instrument, uninstrument
from hexclave.testing import emulator
from hexclave.verify import SignedIn, TokenSignatureError
from hexclave.webhooks import InvalidWebhookError, Router, sign
from hexclave_api.operations.users import get_user
from tests.integrations.recording import Recorded

SECRET = "whsec_bm90IGEgcmVhbCBzZWNyZXQ="
USER = "/api/v1/users/{user_id}"


@pytest.fixture(scope="module")
def hx():
    with emulator() as hx:
        yield hx


@pytest.fixture
def recorded():
    before = context.get_current()
    yield Recorded()
    assert context.get_current() == before, "a context was not detached"


@pytest.fixture
def app(hx, recorded):
    app = hx.server_app()
    instrument(app, **recorded.providers)
    return app


@pytest.fixture
def ada(hx):
    return hx.server_app().users.create(display_name="Ada").id


def test_a_call_has_a_span_and_each_attempt_one_by_the_conventions(hx, app, ada, recorded):
    with recorded.tracer_provider.get_tracer("test").start_as_current_span("request"):
        app.users.get(ada)
    outer, call, attempt = recorded.spans
    assert (call.name, call.kind) == ("hexclave.get_user", SpanKind.INTERNAL)
    assert (attempt.name, attempt.kind) == (f"GET {USER}", SpanKind.CLIENT)
    assert call.parent.span_id == outer.context.span_id
    assert attempt.parent.span_id == call.context.span_id
    port = httpx.URL(hx.base_url).port
    assert dict(attempt.attributes or {}) == {
        http_attributes.HTTP_REQUEST_METHOD: "GET",
        "url.template": USER,
        url_attributes.URL_FULL: f"{hx.base_url}/api/v1/users/REDACTED",
        url_attributes.URL_SCHEME: "http",
        server_attributes.SERVER_ADDRESS: "127.0.0.1",
        server_attributes.SERVER_PORT: port,
        http_attributes.HTTP_RESPONSE_STATUS_CODE: 200,
        "hexclave.request_id": attempt.attributes["hexclave.request_id"],
    }
    assert dict(call.attributes or {}) == {
        "hexclave.operation": "get_user",
        "hexclave.access": "server",
        "hexclave.project_id": app.project_id,
        "hexclave.attempts": 1,
    }
    assert {span.status.status_code for span in recorded.spans} == {StatusCode.UNSET}
    assert call.instrumentation_scope.name == "hexclave"


def test_the_span_of_the_attempt_is_propagated_to_the_api(hx, app, ada, recorded):
    app.users.get(ada)
    (attempt,) = recorded.named(f"GET {USER}")
    trace_id, span_id = f"{attempt.context.trace_id:032x}", f"{attempt.context.span_id:016x}"
    assert hx.requests[-1].request.headers["traceparent"].split("-")[:3] == ["00", trace_id, span_id]


def test_an_error_of_the_api_is_an_error_of_both_spans_without_its_text(app, recorded):
    with pytest.raises(NotFoundError):
        app.users.get("00000000-0000-4000-8000-000000000000")
    call, attempt = recorded.spans
    assert attempt.attributes[http_attributes.HTTP_RESPONSE_STATUS_CODE] == 404
    assert attempt.attributes[error_attributes.ERROR_TYPE] == "404"
    assert call.attributes[error_attributes.ERROR_TYPE] == "hexclave.errors.UserNotFound"
    assert call.attributes["hexclave.error.code"] == "USER_NOT_FOUND"
    for span in (call, attempt):
        assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, None, ())


def test_attempts_are_counted_and_waits_have_spans(hx, app, ada, recorded):
    hx.fail_next(503)
    app.users.get(ada)
    assert recorded.tree() == ["hexclave.get_user", f"  GET {USER}", "  hexclave.wait", f"  GET {USER}"]
    first, second = recorded.named(f"GET {USER}")
    assert http_attributes.HTTP_REQUEST_RESEND_COUNT not in first.attributes
    assert second.attributes[http_attributes.HTTP_REQUEST_RESEND_COUNT] == 1
    (call,), (wait,) = recorded.named("hexclave.get_user"), recorded.named("hexclave.wait")
    assert call.attributes["hexclave.attempts"] == 2
    assert call.status.status_code is StatusCode.UNSET
    assert wait.attributes["hexclave.wait.reason"] == "backoff"
    assert first.end_time <= wait.end_time <= second.start_time


def test_the_wait_at_a_gate_is_recorded_with_its_length(hx, app, ada, recorded):
    hx.fail_next(429, headers={"retry-after": "1"})
    app.users.get(ada)
    reason = "hexclave.wait.reason"
    waits = [span for span in recorded.named("hexclave.wait") if span.attributes[reason] == "rate_limit"]
    assert sum(span.end_time - span.start_time for span in waits) >= 0.5e9
    (point,) = [p for p in recorded.points("hexclave.wait.duration") if p.attributes[reason] == "rate_limit"]
    assert point.sum >= 0.5
    assert point.attributes["hexclave.operation"] == "get_user"


def test_a_lost_connection_is_an_error_with_the_name_of_its_class(hx, app, ada, recorded):
    hx.fail_next(reset=True)
    app.users.get(ada)
    lost = recorded.named(f"GET {USER}")[0]
    assert lost.attributes[error_attributes.ERROR_TYPE] == "hexclave.errors.APIConnectionError"
    assert http_attributes.HTTP_RESPONSE_STATUS_CODE not in lost.attributes


def test_metrics_follow_the_conventions_and_have_few_labels(hx, app, ada, recorded):
    for _ in range(3):
        app.users.get(ada)
    with pytest.raises(NotFoundError):
        app.users.get("00000000-0000-4000-8000-000000000000")
    found, missing = sorted(
        recorded.points(HTTP_CLIENT_REQUEST_DURATION), key=lambda p: p.attributes["http.response.status_code"]
    )
    assert (found.count, missing.count) == (3, 1)
    assert 0 < found.sum < 5
    assert found.explicit_bounds == (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
    assert dict(missing.attributes) == {
        "http.request.method": "GET",
        "url.template": USER,
        "url.scheme": "http",
        "server.address": "127.0.0.1",
        "server.port": httpx.URL(hx.base_url).port,
        "http.response.status_code": 404,
        "error.type": "404",
    }
    calls = {p.attributes.get("error.type"): p.count for p in recorded.points("hexclave.call.duration")}
    assert calls == {None: 3, "hexclave.errors.UserNotFound": 1}


def test_a_refresh_is_a_call_inside_the_call(hx, recorded):
    app = hx.client_app()
    app.auth.sign_up_with_password(email="refresh@example.com", password="correct horse battery")
    instrument(app, **recorded.providers)
    hx.clock.advance(700)
    hx.fail_next(delay=0.05, path="/api/v1/auth/sessions/current/refresh")  # shorter waits are not reported
    app.me.get()
    assert recorded.tree() == [
        "hexclave.get_current_user",
        "  GET /api/v1/users/me",  # by the emulator's clock, the token has expired
        "  hexclave.refresh_session",
        "    POST /api/v1/auth/sessions/current/refresh",
        "  GET /api/v1/users/me",
    ]
    (wait,) = recorded.points("hexclave.wait.duration")
    assert wait.attributes["hexclave.wait.reason"] == "refresh"
    assert wait.attributes["hexclave.operation"] == "get_current_user"


def test_verification_and_the_fetch_of_its_keys(hx, app, recorded):
    browser = hx.client_app(allow_anonymous=True)
    browser.auth.sign_up_anonymously()
    token = browser.auth.get_access_token().reveal()
    app.verifier.verify(token, allow_anonymous=True)
    first, *fetches = recorded.tree()
    assert first == "hexclave.verify"
    assert fetches[1] == "    GET /api/v1/projects/{project_id}/.well-known/jwks.json"
    recorded.exporter.clear()
    app.verifier.verify(token, allow_anonymous=True)
    assert recorded.tree() == ["hexclave.verify"]
    with pytest.raises(TokenSignatureError):
        app.verifier.verify(token[:-8] + "AAAAAAAA", allow_anonymous=True)
    refused = recorded.spans[-1]
    assert dict(refused.attributes) == {
        "hexclave.outcome": "invalid",
        "error.type": "hexclave.verify.TokenSignatureError",
    }
    assert refused.status.status_code is StatusCode.UNSET
    result = app.authenticate({"x-stack-access-token": token}, allow_anonymous=True)
    assert isinstance(result, SignedIn)
    app.authenticate({"x-stack-access-token": "nonsense"})
    app.authenticate({})
    outcomes = [span.attributes["hexclave.outcome"] for span in recorded.named("hexclave.authenticate")]
    assert outcomes == ["signed_in", "invalid", "signed_out"]
    counted = {p.attributes["hexclave.outcome"]: p.count for p in recorded.points("hexclave.verify.duration")}
    assert counted == {"valid": 2, "invalid": 1}


def delivery(number=1):
    body = json.dumps({"type": "user.deleted", "data": {"id": "u1", "teams": []}}).encode()
    return body, sign(body, SECRET, webhook_id=f"msg_{number}", sent_at=datetime.now(UTC))


@pytest.mark.parametrize("mode", ["handle", "ahandle"])
def test_webhooks_and_the_calls_of_their_handlers(mode, app, ada, recorded):
    router = Router(SECRET)
    instrument(router, **recorded.providers)

    def handle(body, headers):
        return router.handle(body, headers) if mode == "handle" else asyncio.run(router.ahandle(body, headers))

    @router.on("user.deleted")
    def fetch(_event):
        app.users.get(ada)

    assert handle(*delivery()).outcome == "handled"
    assert handle(*delivery()).outcome == "duplicate"
    assert recorded.tree() == ["hexclave.webhook", "  hexclave.get_user", f"    GET {USER}", "hexclave.webhook"]
    first, second = recorded.named("hexclave.webhook")
    assert dict(first.attributes) == {"hexclave.outcome": "handled", "hexclave.event.type": "user.deleted"}
    assert second.attributes["hexclave.outcome"] == "duplicate"
    body, _ = delivery()
    with pytest.raises(InvalidWebhookError):
        handle(body, {})
    router.on("user.deleted")(lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        handle(*delivery(2))
    *_, refused, failed = recorded.named("hexclave.webhook")
    assert (refused.attributes["hexclave.outcome"], refused.status.status_code) == ("invalid", StatusCode.UNSET)
    assert (failed.attributes["hexclave.outcome"], failed.status.status_code) == ("failed", StatusCode.ERROR)
    assert failed.attributes["error.type"] == "ZeroDivisionError"
    uninstrument(router)
    with pytest.raises(InvalidWebhookError):
        handle(body, {})
    assert recorded.named("hexclave.webhook")[-1] is failed


def test_async_calls_have_their_own_parents(hx, recorded):
    tracer = recorded.tracer_provider.get_tracer("test")

    async def one(app, number):
        with tracer.start_as_current_span(f"task {number}") as span:
            with pytest.raises(NotFoundError):
                await app.users.get(f"00000000-0000-4000-8000-{number:012}")
            assert trace.get_current_span() is span

    async def main():
        async with hx.async_server_app() as app:
            instrument(app, **recorded.providers)
            await asyncio.gather(*(one(app, number) for number in range(20)))

    asyncio.run(main())
    assert_separate(recorded)


def test_calls_in_threads_have_their_own_parents(app, recorded):
    tracer = recorded.tracer_provider.get_tracer("test")

    def one(number):
        with tracer.start_as_current_span(f"task {number}") as span:
            with pytest.raises(NotFoundError):
                app.users.get(f"00000000-0000-4000-8000-{number:012}")
            assert trace.get_current_span() is span

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(one, range(20)))
    assert_separate(recorded)


def assert_separate(recorded):
    tasks = [span for span in recorded.spans if span.name.startswith("task")]
    calls = recorded.named("hexclave.get_user")
    attempts = recorded.named(f"GET {USER}")
    assert len({span.context.trace_id for span in recorded.spans}) == len(tasks) == len(calls) == len(attempts) == 20
    assert {call.parent.span_id for call in calls} == {task.context.span_id for task in tasks}
    assert {each.parent.span_id for each in attempts} == {call.context.span_id for call in calls}


def test_bulk_calls_belong_to_the_span_of_their_caller(app, ada, recorded):
    with recorded.tracer_provider.get_tracer("test").start_as_current_span("import") as span:
        assert app.call_many([get_user(ada)] * 4, concurrency=2).run().ok
    calls = recorded.named("hexclave.get_user")
    assert [call.parent.span_id for call in calls] == [span.get_span_context().span_id] * 4


def test_a_cancelled_call_ends_its_spans(hx, ada, recorded):
    async def main():
        async with hx.async_server_app() as app:
            instrument(app, **recorded.providers)
            hx.fail_next(delay=5)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await app.users.get(ada)
            assert not trace.get_current_span().get_span_context().is_valid

    asyncio.run(main())
    call, attempt = recorded.spans
    assert call.attributes["error.type"] == attempt.attributes["error.type"] == "asyncio.exceptions.CancelledError"
    assert recorded.points(HTTP_CLIENT_REQUEST_DURATION)[0].attributes["error.type"].endswith("CancelledError")


def test_a_failing_hook_ends_the_spans(hx, ada, recorded):
    def failing(_):
        raise ZeroDivisionError

    app = hx.server_app(hooks=Hooks(on_request=failing))
    instrument(app, **recorded.providers)
    with pytest.raises(ZeroDivisionError):
        app.users.get(ada)
    assert recorded.tree() == ["hexclave.get_user", f"  GET {USER}"]


def test_hooks_of_the_app_run_inside_the_spans_and_their_headers_win(hx, ada, recorded):
    names = []

    def note(_):
        names.append(trace.get_current_span().name)

    def add(event):
        note(event)
        return {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "x-shard": "7"}

    app = hx.server_app()
    instrument(app, **recorded.providers)
    app = app.options(hooks=Hooks(on_request=add, on_response=note, on_call=note))
    app.users.get(ada)
    assert names == ["hexclave.get_user", f"GET {USER}", f"GET {USER}"]
    headers = hx.requests[-1].request.headers
    assert headers["x-shard"] == "7"
    assert headers["traceparent"].endswith("b7ad6b7169203331-01")


def test_suppression_is_honoured(hx, app, ada, recorded):
    with suppress_instrumentation():
        app.users.get(ada)
        app.authenticate({})
    assert recorded.spans == []
    assert recorded.points(HTTP_CLIENT_REQUEST_DURATION) == []
    assert "traceparent" not in hx.requests[-1].request.headers
    with suppress_http_instrumentation():
        app.users.get(ada)
    assert recorded.names == ["hexclave.get_user"]


def test_an_instrumented_client_records_nothing_twice(hx, ada, recorded):
    with httpx.Client(trust_env=False) as client:
        HTTPXClientInstrumentor.instrument_client(client, **recorded.providers)
        app = hx.server_app(http_client=client)
        app.users.get(ada)
        assert recorded.names == ["GET"], "httpx is instrumented"
        recorded.exporter.clear()
        instrument(app, **recorded.providers)
        app.users.get(ada)
        assert recorded.names == ["hexclave.get_user", f"GET {USER}"]


def test_derived_apps_are_instrumented_and_others_are_not(hx, app, ada, recorded):
    app.options(timeout=5).users.get(ada)
    hx.server_app().users.get(ada)
    assert recorded.names == ["hexclave.get_user", f"GET {USER}"]
    uninstrument(app)
    app.users.get(ada)
    assert len(recorded.spans) == 2


def test_the_instrumentor_instruments_all_apps_and_routers(hx, ada, recorded):
    early, other = hx.server_app(), Recorded()
    instrument(early_own := hx.server_app(), **other.providers)
    instrumentor = HexclaveInstrumentor()
    instrumentor.instrument(**recorded.providers)
    try:
        early.users.get(ada)
        hx.server_app().users.get(ada)
        early_own.users.get(ada)
        with pytest.raises(InvalidWebhookError):
            Router(SECRET).handle(b"{}", {})
    finally:
        instrumentor.uninstrument()
    assert recorded.names == ["hexclave.get_user", f"GET {USER}"] * 2 + ["hexclave.webhook"]
    assert other.names == ["hexclave.get_user", f"GET {USER}"], "its own instrumentation replaces that of the process"
    early.users.get(ada)
    assert len(recorded.spans) == 5


def test_something_else_cannot_be_instrumented():
    with pytest.raises(UnsafeUseError, match=r"app or a webhook router, not str"):
        instrument("ssk_not_a_real_key")  # type: ignore[arg-type]


def test_the_entry_point_is_found():
    (point,) = [each for each in entry_points(group="opentelemetry_instrumentor") if each.name == "hexclave"]
    assert point.load() is HexclaveInstrumentor


def test_the_command_of_opentelemetry_instruments_a_program(hx, ada, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import hexclave\n"
        "from opentelemetry import trace\n"
        "from tests.integrations.recording import Recorded\n"
        "recorded = Recorded()\n"
        "trace.set_tracer_provider(recorded.tracer_provider)\n"
        f"hexclave.HexclaveServerApp().users.get({ada!r})\n"
        "print(recorded.tree())\n"
    )
    done = subprocess.run(
        [Path(sys.executable).with_name("opentelemetry-instrument"), sys.executable, program],
        env={**os.environ, **hx.environment(), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"['hexclave.get_user', '  GET {USER}']\n", done.stderr


def test_nothing_of_opentelemetry_is_imported_unless_it_is_used(hx, ada):
    program = (
        f"import hexclave, sys; hexclave.HexclaveServerApp().users.get({ada!r});"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", program], env={**os.environ, **hx.environment()}, check=True, timeout=60)


def test_the_message_of_a_missing_extra_says_what_to_install():
    program = "import sys; sys.modules['opentelemetry'] = None; import hexclave.integrations.opentelemetry"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert "ImportError: OpenTelemetry is missing: pip install 'hexclave[otel]'" in done.stderr


def test_span_names_are_low_in_cardinality(hx, app, recorded):
    for number in range(5):
        app.users.create(display_name=f"User {number}", primary_email=f"user{number}@example.com")
        app.users.list(query=f"user{number}", limit=1)
    hx.fail_next(500)
    with pytest.raises(ServerError):
        app.users.list()
    assert {re.sub(r"^GET|^POST", "X", name) for name in recorded.names} == {
        "hexclave.create_user",
        "hexclave.list_users",
        "X /api/v1/users",
    }

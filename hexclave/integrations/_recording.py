"""Spans and metrics of OpenTelemetry, by its semantic conventions for HTTP clients.

No attribute holds a value of a request or a reply: neither identifiers in paths nor queries, bodies or error messages.
"""

import functools
import re
import time
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Final, Self, TypeAlias
from urllib.parse import urlsplit

from opentelemetry import context, metrics, propagate, trace
from opentelemetry.instrumentation.utils import (
    is_http_instrumentation_enabled,
    is_instrumentation_enabled,
    suppress_http_instrumentation,
)
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Span, SpanKind, StatusCode, TracerProvider

from hexclave._engine.instrumentation import Activity
from hexclave._version import __version__
from hexclave.errors import HexclaveError
from hexclave.hooks import CallEvent, Hooks, RequestEvent, ResponseEvent, WaitEvent

Attributes: TypeAlias = dict[str, str | int]

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds; the boundaries that the conventions advise for durations of HTTP requests."""
_SCHEMA: Final = "https://opentelemetry.io/schemas/1.37.0"
_CALL: Final = context.create_key("hexclave-call")
_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}")


class Recorder:
    """Records calls through hooks, and activities."""

    def __init__(self, tracer_provider: TracerProvider | None, meter_provider: MeterProvider | None) -> None:
        self.tracer = trace.get_tracer("hexclave", __version__, tracer_provider, schema_url=_SCHEMA)
        meter = metrics.get_meter("hexclave", __version__, meter_provider, schema_url=_SCHEMA)

        def histogram(name: str, description: str) -> metrics.Histogram:
            return meter.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=_BUCKETS)

        self.requests = histogram("http.client.request.duration", "Duration of HTTP client requests.")
        self.calls = histogram("hexclave.call.duration", "Duration of calls with all attempts and waits.")
        self.waits = histogram("hexclave.wait.duration", "Waits before attempts, by reason.")
        self.activities = {
            "verify": histogram("hexclave.verify.duration", "Duration of token verifications."),
            "authenticate": histogram("hexclave.authenticate.duration", "Duration of request authentications."),
            "webhook": histogram("hexclave.webhook.duration", "Duration of handling webhook deliveries."),
        }
        self.hooks = Hooks(
            on_call=self._on_call, on_request=_on_request, on_response=_on_response, on_wait=self._on_wait
        )

    def activity(self, name: str, *refusals: type[BaseException]) -> AbstractContextManager[Activity]:
        """Record an activity other than a call."""
        return _RecordedActivity(self, name, refusals)

    def _on_call(self, event: CallEvent) -> "_RecordedCall | None":
        return _RecordedCall(self, event) if is_instrumentation_enabled() else None

    def _on_wait(self, event: WaitEvent) -> None:
        call = _current_call()
        if call is None:
            return
        self.waits.record(event.seconds, {"hexclave.operation": event.operation, "hexclave.wait.reason": event.reason})
        if event.reason == "refresh" and call.nested:
            return  # The refresh has its own span.
        started = time.time_ns() - int(event.seconds * 1e9)
        self.tracer.start_span(
            "hexclave.wait", start_time=started, attributes={"hexclave.wait.reason": event.reason}
        ).end()


def _current_call() -> "_RecordedCall | None":
    call = context.get_value(_CALL) if is_instrumentation_enabled() else None
    return call if isinstance(call, _RecordedCall) else None


def _on_request(event: RequestEvent) -> dict[str, str]:
    call = _current_call()
    return {} if call is None or not is_http_instrumentation_enabled() else call.begin(event)


def _on_response(event: ResponseEvent) -> None:
    call = _current_call()
    if call is not None:
        call.end(event)


class _Scope:
    """A current span, which ends with the scope."""

    def __init__(self, span: Span, *, key: str | None = None, value: object = None) -> None:
        self.span = span
        current = trace.set_span_in_context(span)
        self._token = context.attach(current if key is None else context.set_value(key, value, current))

    def close(self, kind: type[BaseException] | None = None) -> None:
        self.span.end()
        # An abandoned generator is closed wherever the garbage collector runs, where the context is not current.
        if kind is not GeneratorExit:
            context.detach(self._token)


class _RecordedCall:
    """A call and its attempts."""

    def __init__(self, recorder: Recorder, event: CallEvent) -> None:
        self.nested = False
        """True if the call has made another one, such as a refresh."""
        self._recorder, self._event = recorder, event
        self._attempt: _Attempt | None = None
        self._attempts = 0

    def __enter__(self) -> Self:
        event, around = self._event, _current_call()
        if around is not None:
            around.nested = True
        attributes = {"hexclave.operation": event.operation, "hexclave.access": event.access}
        span = self._recorder.tracer.start_span(
            f"hexclave.{event.operation}", attributes={**attributes, "hexclave.project_id": event.project_id}
        )
        self._attributes: Attributes = {**attributes}
        self._scope = _Scope(span, key=_CALL, value=self)
        self._begun = time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        seconds, span = time.perf_counter() - self._begun, self._scope.span
        if self._attempt is not None:  # It was cancelled, or a hook failed.
            self._attempt.close(kind)
        if error is not None:
            self._attributes["error.type"] = _name(type(error))
            span.set_attribute("error.type", _name(type(error)))
            if isinstance(error, HexclaveError) and error.code is not None:
                span.set_attribute("hexclave.error.code", error.code)
            span.set_status(StatusCode.ERROR)
        span.set_attribute("hexclave.attempts", self._attempts)
        self._recorder.calls.record(seconds, self._attributes)
        self._scope.close(kind)

    def begin(self, event: RequestEvent) -> dict[str, str]:
        """Begin an attempt and return the headers that propagate its span."""
        self._attempts = event.attempt
        self._attempt = _Attempt(self._recorder, self._event, event.attempt)
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        return {name: value for name, value in carrier.items() if name.lower() not in event.headers}

    def end(self, event: ResponseEvent) -> None:
        """End the attempt."""
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.end(event)


class _Attempt:
    def __init__(self, recorder: Recorder, event: CallEvent, number: int) -> None:
        self._recorder = recorder
        self._attributes = _of_endpoint(event.base_url, event.method, event.template)
        attributes: Attributes = {**self._attributes, "url.full": _full(event.base_url, event.template)}
        if number > 1:
            attributes["http.request.resend_count"] = number - 1
        span = recorder.tracer.start_span(
            f"{event.method} {self._attributes['url.template']}", kind=SpanKind.CLIENT, attributes=attributes
        )
        self._scope = _Scope(span)
        # So that an instrumented client that was passed to the app does not record the request again.
        self._suppressed = ExitStack()
        self._suppressed.enter_context(suppress_http_instrumentation())
        self._begun = time.perf_counter()

    def end(self, event: ResponseEvent) -> None:
        outcome: Attributes = {}
        if event.status is not None:
            outcome["http.response.status_code"] = event.status
        if event.error is not None:
            status = event.error.status
            outcome["error.type"] = str(status) if status is not None else _name(type(event.error))
        if event.request_id is not None:
            self._scope.span.set_attribute("hexclave.request_id", event.request_id)
        self._finish(outcome, event.seconds)
        self._suppressed.close()
        self._scope.close()

    def close(self, kind: type[BaseException] | None) -> None:
        """End an attempt that got neither a reply nor an error of the SDK."""
        self._finish({"error.type": "_OTHER" if kind is None else _name(kind)}, time.perf_counter() - self._begun)
        if kind is not GeneratorExit:
            self._suppressed.close()
        self._scope.close(kind)

    def _finish(self, outcome: Attributes, seconds: float) -> None:
        span = self._scope.span
        span.set_attributes(outcome)
        if "error.type" in outcome:
            span.set_status(StatusCode.ERROR)
        self._recorder.requests.record(seconds, {**self._attributes, **outcome})


class _RecordedActivity:
    """An activity other than a call."""

    def __init__(self, recorder: Recorder, name: str, refusals: tuple[type[BaseException], ...]) -> None:
        self._recorder, self._name, self._refusals = recorder, name, refusals
        self._attributes: Attributes = {}
        self._scope: _Scope | None = None

    def __enter__(self) -> Self:
        if is_instrumentation_enabled():
            self._scope = _Scope(self._recorder.tracer.start_span(f"hexclave.{self._name}"))
        self._begun = time.perf_counter()
        return self

    def finish(self, outcome: str, *, kind: str | None = None, reason: BaseException | None = None) -> None:
        """Describe the result."""
        self._attributes["hexclave.outcome"] = outcome
        if kind is not None:
            self._attributes["hexclave.event.type"] = kind
        if reason is not None:
            self._attributes["error.type"] = _name(type(reason))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._scope is None:
            return
        span = self._scope.span
        if error is not None:
            refused = isinstance(error, self._refusals)
            self.finish("invalid" if refused else "failed", reason=error)
            if not refused:
                span.set_status(StatusCode.ERROR)
        span.set_attributes(self._attributes)
        self._recorder.activities[self._name].record(time.perf_counter() - self._begun, self._attributes)
        self._scope.close(kind)


def _name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


@functools.lru_cache(maxsize=1024)
def _of_endpoint(base_url: str, method: str, template: str) -> Attributes:
    """Return the attributes of requests to an endpoint, which are the same for spans and metrics."""
    url = urlsplit(base_url)
    return {
        "http.request.method": method,
        "server.address": url.hostname or "",
        "server.port": url.port or (443 if url.scheme == "https" else 80),
        "url.scheme": url.scheme,
        "url.template": url.path + template,
    }


@functools.lru_cache(maxsize=1024)
def _full(base_url: str, template: str) -> str:
    """Return the URL without query and path parameters, which may identify people or be secrets."""
    return base_url + _PLACEHOLDER.sub("REDACTED", template)

"""OpenTelemetry: spans and metrics of calls, token verification and webhooks. Needs `hexclave[otel]`.

    from hexclave.integrations.opentelemetry import instrument

    app = hexclave.HexclaveServerApp()
    instrument(app)

`HexclaveInstrumentor().instrument()` instruments all apps and webhook routers of the process, as the command
`opentelemetry-instrument` does.
"""

from collections.abc import Collection
from typing import Any, TypeAlias

try:
    from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined] # untyped
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider
except ImportError as _missing:
    raise ImportError("OpenTelemetry is missing: pip install 'hexclave[otel]'") from _missing

from hexclave._engine.instrumentation import Instrumented
from hexclave.apps import (
    AsyncHexclaveAdminApp,
    AsyncHexclaveClientApp,
    AsyncHexclaveServerApp,
    HexclaveAdminApp,
    HexclaveClientApp,
    HexclaveServerApp,
)
from hexclave.errors import UnsafeUseError
from hexclave.integrations._recording import Recorder
from hexclave.webhooks import Router

__all__ = ["HexclaveInstrumentor", "instrument", "uninstrument"]

App: TypeAlias = (
    HexclaveClientApp
    | HexclaveServerApp
    | HexclaveAdminApp
    | AsyncHexclaveClientApp
    | AsyncHexclaveServerApp
    | AsyncHexclaveAdminApp
)


def instrument(
    target: App | Router,
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> None:
    """Record spans and metrics of a webhook router, or of an app and the apps that share its connections.

    Those are the apps that `with_session` and `options` return. The providers default to the global ones; a second call
    replaces them.

    Raises:
        UnsafeUseError: `target` is neither an app nor a router.
    """
    _instrumented(target).instrumentation = Recorder(tracer_provider, meter_provider)


def uninstrument(target: App | Router) -> None:
    """Undo `instrument` for the app or router. `HexclaveInstrumentor` is not affected.

    Raises:
        UnsafeUseError: `target` is neither an app nor a router.
    """
    vars(_instrumented(target)).pop("instrumentation", None)


def _instrumented(target: object) -> Instrumented:
    if isinstance(target, Router):
        return target
    if isinstance(target, App):
        return target._context.shared  # noqa: SLF001 - what an app shares with its derived apps
    raise UnsafeUseError(f"target must be an app or a webhook router, not {type(target).__name__}.")


class HexclaveInstrumentor(BaseInstrumentor):  # type: ignore[misc]
    """Records spans and metrics of all apps and webhook routers of the process, existing and future ones.

    `instrument()` accepts `tracer_provider` and `meter_provider`; they default to the global ones.
    """

    def instrumentation_dependencies(self) -> Collection[str]:
        """Return nothing, because the instrumentation is part of the SDK."""
        return ()

    def _instrument(self, **options: Any) -> None:
        Instrumented.instrumentation = Recorder(options.get("tracer_provider"), options.get("meter_provider"))

    def _uninstrument(self, **_: Any) -> None:
        Instrumented.instrumentation = None

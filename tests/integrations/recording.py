"""Spans and metrics of OpenTelemetry's SDK, in memory."""

from collections.abc import Callable
from typing import Any

import attrs
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


@attrs.frozen
class Recorded:
    """The recorded spans and metrics."""

    exporter: InMemorySpanExporter = attrs.field(factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = attrs.field(factory=InMemoryMetricReader)
    tracer_provider: TracerProvider = attrs.field(factory=TracerProvider)
    meter_provider: MeterProvider = attrs.field(
        default=attrs.Factory(lambda self: MeterProvider([self.reader]), takes_self=True)
    )

    def __attrs_post_init__(self) -> None:
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    @property
    def providers(self) -> dict[str, Any]:
        return {"tracer_provider": self.tracer_provider, "meter_provider": self.meter_provider}

    @property
    def spans(self) -> list[ReadableSpan]:
        """In the order in which they began."""
        return sorted(self.exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.spans]

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]

    def tree(self, shown: Callable[[ReadableSpan], str] = lambda span: span.name) -> list[str]:
        """Return the spans, each indented below its parent."""
        lines: list[str] = []

        def add(parent: int | None, depth: int) -> None:
            for span in self.spans:
                if (span.parent.span_id if span.parent else None) == parent:
                    own = span.get_span_context()
                    assert own is not None
                    lines.append("  " * depth + shown(span))
                    add(own.span_id, depth + 1)

        add(None, 0)
        return lines

    def points(self, metric: str) -> list[Any]:
        """Return the points of a metric."""
        data = self.reader.get_metrics_data()
        found = [] if data is None else data.resource_metrics
        return [
            point
            for resource in found
            for scope in resource.scope_metrics
            for each in scope.metrics
            if each.name == metric
            for point in each.data.data_points
        ]

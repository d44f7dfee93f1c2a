"""Draw docs/trace.svg, a trace of a request to a backend, recorded with the emulator: python -m docs.trace"""

import html
from collections.abc import Sequence
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hexclave import Retries
from hexclave.integrations.opentelemetry import instrument
from hexclave.testing import emulator

DRAWING = Path(__file__).with_suffix(".svg")
WIDTH, LEFT, RIGHT, ROW, TOP = 860, 440, 780, 26, 16
STYLE = """
  .page { fill: #ffffff } .words { fill: #1c1e26 } .quiet { fill: #555a66 } .grid { stroke: #e3e5ec }
  .call { fill: #4a5fc1 } .attempt { fill: #93a1e0 } .wait { fill: #c9ccd6 } .failed { fill: #d0524a }
  @media (prefers-color-scheme: dark) {
    .page { fill: #14151a } .words { fill: #f0f1f5 } .quiet { fill: #b3b7c4 } .grid { stroke: #2b2e3b }
    .call { fill: #8c9eff } .attempt { fill: #5464b8 } .wait { fill: #4a4e5c } .failed { fill: #e07b74 }
  }"""


def recorded() -> list[tuple[int, ReadableSpan]]:
    """Return the spans of a request that a backend authenticates, each with its depth, in the order of their start."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with emulator() as hx:
        browser, app = hx.client_app(), hx.server_app(retries=Retries(first_wait=0.1))
        browser.auth.sign_up_with_password(email="ada@example.com", password="correct horse battery")  # noqa: S106
        token = browser.auth.get_access_token()
        # The emulator makes its signing keys when it is first asked for them.
        hx.server_app().authenticate({"x-stack-access-token": token.reveal() if token else ""})
        user_id = browser.me.get().id
        instrument(app, tracer_provider=provider)
        hx.fail_next(delay=0.05, path="/api/v1/projects")
        hx.fail_next(503, delay=0.03, path="/api/v1/users")
        hx.fail_next(delay=0.04, path="/api/v1/users")
        with provider.get_tracer("backend").start_as_current_span("GET /profile"):
            app.authenticate({"x-stack-access-token": token.reveal() if token else ""})
            app.users.get(user_id)
    return in_order(exporter.get_finished_spans())


def in_order(spans: Sequence[ReadableSpan]) -> list[tuple[int, ReadableSpan]]:
    """Return the spans with their depth, each after its parent."""
    own = {span.context.span_id: span for span in spans if span.context}

    def depth(span: ReadableSpan) -> int:
        return 0 if span.parent is None else 1 + depth(own[span.parent.span_id])

    return [(depth(span), span) for span in sorted(spans, key=lambda span: (span.start_time or 0, depth(span)))]


def drawn(spans: Sequence[tuple[int, ReadableSpan]]) -> str:
    """Return the drawing."""
    begin, end = spans[0][1].start_time or 0, spans[0][1].end_time or 1
    height = TOP + ROW * len(spans) + 34
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    font = 'font-family="system-ui, sans-serif" font-size="13"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font} role="img">',
        "<title>The spans of a request to a backend</title>",
        f"<style>{STYLE}\n</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}"/>',
    ]
    whole = (end - begin) / 1e6
    for part in range(5):
        x, y = LEFT + (RIGHT - LEFT) * part / 4, TOP + ROW * len(spans)
        lines.append(f'<line class="grid" x1="{x:.0f}" y1="{TOP}" x2="{x:.0f}" y2="{y}"/>')
        lines.append(
            f'<text class="quiet" x="{x:.0f}" y="{y + 18}" text-anchor="middle">{whole * part / 4:.0f} ms</text>'
        )
    for row, (depth, span) in enumerate(spans):
        y = TOP + ROW * row
        x = LEFT + (RIGHT - LEFT) * ((span.start_time or 0) - begin) / (end - begin)
        width = max(2.0, (RIGHT - LEFT) * ((span.end_time or 0) - (span.start_time or 0)) / (end - begin))
        name = f'<text class="words" x="{12 + 16 * depth}" y="{y + 17}">{html.escape(span.name)}</text>'
        lines += [name, f'<rect class="{kind(span)}" x="{x:.1f}" y="{y + 6}" width="{width:.1f}" height="14" rx="2"/>']
        if note := noted(span):
            lines.append(f'<text class="quiet" x="{x + width + 6:.1f}" y="{y + 17}">{note}</text>')
    return "\n".join([*lines, "</svg>", ""])


def kind(span: ReadableSpan) -> str:
    if span.name == "hexclave.wait":
        return "wait"
    if not span.status.is_ok and not span.status.is_unset:
        return "failed"
    return "attempt" if span.name.startswith("GET /api") else "call"


def noted(span: ReadableSpan) -> str:
    attributes = span.attributes or {}
    return str(attributes.get("http.response.status_code") or attributes.get("hexclave.wait.reason") or "")


if __name__ == "__main__":
    DRAWING.write_text(drawn(recorded()), encoding="utf-8")

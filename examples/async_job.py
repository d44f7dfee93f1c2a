"""Update all users concurrently, at a limited rate, and record a trace of every call.

    pip install 'hexclave[otel]' opentelemetry-sdk
    python examples/async_job.py --per-second 50

Marks the users who have not been active for a year as dormant. The spans are printed, one JSON object a line; to send
them to a collector, use the OTLPSpanExporter of opentelemetry-exporter-otlp instead. Needs HEXCLAVE_PROJECT_ID and
HEXCLAVE_SECRET_SERVER_KEY.
"""

import argparse
import asyncio
import sys
from datetime import UTC, datetime, timedelta

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

import hexclave
from hexclave.integrations.opentelemetry import instrument


def marked(metadata: dict[str, object] | None) -> dict[str, object]:
    """Return all of the user's metadata with the mark, because metadata is replaced as a whole."""
    return {**(metadata or {}), "dormant": True}


async def mark_dormant_users(app: hexclave.AsyncHexclaveServerApp) -> tuple[int, int]:
    """Return the number of users who were marked, and of those who could not be."""
    limit = datetime.now(UTC) - timedelta(days=365)
    dormant = [user async for user in app.users.export() if user.last_active_at < limit]
    changes = ((user.id, {"server_metadata": marked(user.server_metadata)}) for user in dormant)
    summary = await app.users.update_many(changes, concurrency=16, ordered=False).run()
    for failure in summary.failures:
        print(failure.row[0], failure.error, file=sys.stderr)
    return summary.succeeded, summary.failed


async def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--per-second", type=float, default=50)
    provider = TracerProvider(resource=Resource.create({"service.name": "mark-dormant-users"}))
    provider.add_span_processor(
        BatchSpanProcessor(ConsoleSpanExporter(formatter=lambda span: span.to_json(None) + "\n"))
    )
    limit = hexclave.RateLimit(per_second=parser.parse_args().per_second, burst=5)
    async with hexclave.AsyncHexclaveServerApp(rate_limit=limit) as app:
        instrument(app, tracer_provider=provider)
        with provider.get_tracer("async_job").start_as_current_span("mark dormant users"):
            changed, failed = await mark_dormant_users(app)
    provider.shutdown()
    print(f"{changed} marked, {failed} failed", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

"""Serve a page for signed-in users, and metrics of its API calls for Prometheus at /metrics.

    python examples/prometheus_metrics.py [PORT]

grafana/hexclave.json is a dashboard for these metrics. Needs HEXCLAVE_PROJECT_ID, HEXCLAVE_SECRET_SERVER_KEY, and
`pip install 'hexclave[otel]' opentelemetry-sdk opentelemetry-exporter-prometheus`.
"""

import socketserver
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIServer, make_server

from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

import hexclave
from hexclave.integrations.opentelemetry import HexclaveInstrumentor
from hexclave.verify import SignedIn

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

metrics.set_meter_provider(MeterProvider([PrometheusMetricReader()]))
HexclaveInstrumentor().instrument()
app = hexclave.HexclaveServerApp()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/metrics":
        start_response("200 OK", [("content-type", CONTENT_TYPE_LATEST)])
        return [generate_latest()]
    caller = app.authenticate(environ)
    if not isinstance(caller, SignedIn):
        start_response("401 Unauthorized", list(caller.refusal_headers.items()))
        return []
    user = app.users.get(caller.user_id)
    start_response("200 OK", [("content-type", "text/plain; charset=utf-8"), *caller.headers.items()])
    return [f"Hello, {user.display_name}.".encode()]


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


if __name__ == "__main__":
    with make_server("127.0.0.1", int([*sys.argv, "0"][1]), application, Server) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()

"""Keep a table of the project's users in SQLite up to date, by webhooks.

    python examples/webhooks_to_sqlite.py users.db 8080

Needs HEXCLAVE_WEBHOOK_SECRET, the secret of an endpoint with the events user.created, user.updated and user.deleted.
"""

import os
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from hexclave.webhooks import InvalidWebhookError, Router, WebhookEvent


def main(path: str, port: int) -> None:
    table = sqlite3.connect(path)
    table.execute("CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, email TEXT, name TEXT, told TEXT)")
    router = Router(os.environ["HEXCLAVE_WEBHOOK_SECRET"])

    # Deliveries may overtake each other: a row keeps the latest word, and a deleted user stays as an empty row.
    def keep(event: WebhookEvent[Any], email: str | None, name: str | None) -> None:
        told = event.sent_at.isoformat()
        with table:
            table.execute(
                "INSERT INTO users VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET email = excluded.email,"
                " name = excluded.name, told = excluded.told WHERE excluded.told >= told",
                (event.body.data.id, email, name, told),
            )

    @router.on("user.created", "user.updated")
    def remember(event: WebhookEvent[Any]) -> None:
        keep(event, event.body.data.primary_email, event.body.data.display_name)

    @router.on("user.deleted")
    def forget(event: WebhookEvent[Any]) -> None:
        keep(event, None, None)

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                status = router.handle(body, self.headers).status_code
            except InvalidWebhookError:
                status = 400
            self.send_response(status)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", port), Endpoint)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""Mirror the project's users in an SQLite table, updated by webhooks.

    python examples/webhooks_to_sqlite.py users.db 8080

Needs HEXCLAVE_PROJECT_ID and HEXCLAVE_SECRET_SERVER_KEY, and HEXCLAVE_WEBHOOK_SECRET, the secret of an endpoint for
the events user.created, user.updated and user.deleted.
"""

import os
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import hexclave
from hexclave.errors import HexclaveError, UserNotFound
from hexclave.webhooks import InvalidWebhookError, Router, WebhookEvent


def main(path: str, port: int) -> None:
    table = sqlite3.connect(path)
    table.execute("CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, email TEXT, name TEXT)")
    router = Router(os.environ["HEXCLAVE_WEBHOOK_SECRET"])

    # Deliveries can arrive out of order, so each event only triggers a fetch of the user's current state.
    @router.on("user.created", "user.updated", "user.deleted")
    def refresh(event: WebhookEvent[Any]) -> None:
        user_id = event.body.data.id
        try:
            user = app.users.get(user_id)
        except UserNotFound:
            user = None
        with table:
            table.execute("DELETE FROM users WHERE id = ?", (user_id,))
            if user:
                table.execute("INSERT INTO users VALUES (?, ?, ?)", (user_id, user.primary_email, user.display_name))

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                status: int = router.handle(body, self.headers).status_code
            except InvalidWebhookError:
                status = 400
            except HexclaveError:
                status = 503  # Svix retries the delivery.
            self.send_response(status)
            self.end_headers()

    with hexclave.HexclaveServerApp() as app, HTTPServer(("127.0.0.1", port), Endpoint) as server:
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""A command-line program whose users sign in once with their browser.

    python examples/cli_login.py login
    python examples/cli_login.py whoami
    python examples/cli_login.py logout

Needs HEXCLAVE_PROJECT_ID, and HEXCLAVE_PUBLISHABLE_CLIENT_KEY if the project requires one. APP_URL is the web app that
shows the confirmation page; SESSION_FILE is the file in which the tokens are stored.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

import hexclave

SESSION_FILE = Path(os.environ.get("SESSION_FILE") or Path.home() / ".config" / "example-cli" / "session.json")


def main(command: str) -> int:
    SESSION_FILE.parent.mkdir(parents=True, exist_ok=True)
    with hexclave.HexclaveClientApp(session=hexclave.FileTokenStore(SESSION_FILE)) as app:
        if command == "login":
            pending = app.auth.start_cli_login(app_url=os.environ.get("APP_URL", "http://localhost:3000"))
            print(f"Confirm in your browser: {pending.url.reveal()}", flush=True)
            app.auth.finish_cli_login(pending, poll_every=timedelta(seconds=1), within=timedelta(minutes=10))
        elif command == "logout":
            app.auth.sign_out()
        me = app.me.find()
        print("Not signed in." if me is None else f"Signed in as {me.primary_email or me.id}.")
        return 0 if me or command == "logout" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

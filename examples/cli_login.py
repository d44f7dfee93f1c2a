"""A command-line program whose users sign in once with their browser.

    python examples/cli_login.py login      # then also: whoami, teams, logout

Needs HEXCLAVE_PROJECT_ID, and HEXCLAVE_PUBLISHABLE_CLIENT_KEY if the project requires one. APP_URL is the web app that
shows the confirmation page; SESSION_FILE is the file in which the tokens are stored.
"""

import argparse
import os
import sys
import webbrowser
from datetime import timedelta
from pathlib import Path

import hexclave

SESSION_FILE = Path(os.environ.get("SESSION_FILE") or Path.home() / ".config" / "example-cli" / "session.json")


def login(app: hexclave.HexclaveClientApp) -> None:
    pending = app.auth.start_cli_login(app_url=os.environ.get("APP_URL", "http://localhost:3000"))
    print(f"Confirm in your browser: {pending.url.reveal()}", flush=True)
    webbrowser.open(pending.url.reveal())
    app.auth.finish_cli_login(pending, poll_every=timedelta(seconds=1), within=timedelta(minutes=10))
    whoami(app)


def whoami(app: hexclave.HexclaveClientApp) -> None:
    me = app.me.get()
    print(f"Signed in as {me.primary_email or me.id}.")


def teams(app: hexclave.HexclaveClientApp) -> None:
    for team in app.teams.list():
        print(team.display_name)


def logout(app: hexclave.HexclaveClientApp) -> None:
    app.auth.sign_out()


COMMANDS = {"login": login, "whoami": whoami, "teams": teams, "logout": logout}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=COMMANDS)
    command = COMMANDS[parser.parse_args().command]
    SESSION_FILE.parent.mkdir(parents=True, exist_ok=True)
    with hexclave.HexclaveClientApp(session=hexclave.FileTokenStore(SESSION_FILE)) as app:
        if command is not login and app.auth.get_access_token() is None:
            sys.exit("Not signed in. Run: cli_login.py login")
        command(app)


if __name__ == "__main__":
    main()

"""Create a team and invite users by email.

    python examples/invite_team.py "Analytical Engines" https://example.com/join ada@example.com lin@example.com

The links in the emails open the given page with a code for `app.teams.invitations.accept_with_code`. Needs
HEXCLAVE_PROJECT_ID and HEXCLAVE_SECRET_SERVER_KEY.
"""

import sys

import hexclave


def main(name: str, callback_url: str, *emails: str) -> None:
    with hexclave.HexclaveServerApp() as app:
        team = app.teams.create(display_name=name)
        for email in emails:
            app.teams.invitations.send(team.id, email=email, callback_url=callback_url)
        print(f"team {team.id}")
        for invitation in app.teams.invitations.list(team.id):
            print(f"invited {invitation.recipient_email} until {invitation.expires_at:%Y-%m-%d}")


if __name__ == "__main__":
    main(*sys.argv[1:])

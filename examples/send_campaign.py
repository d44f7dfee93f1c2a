"""Send an email to all users who have not unsubscribed from marketing emails, and count the results.

    python examples/send_campaign.py "Engines 2.0" campaign.html

Needs HEXCLAVE_PROJECT_ID and HEXCLAVE_SECRET_SERVER_KEY, and a project with its own email server.
"""

import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import hexclave


def main(subject: str, file: str) -> None:
    html = Path(file).read_text(encoding="utf-8")
    with hexclave.HexclaveServerApp() as app:
        app.emails.send(all_users=True, subject=subject, html=html, notification_category_name="Marketing")
        fared: Counter[str] = Counter()
        for email in app.emails.outbox.list():
            if email.subject == subject or email.subject is None:
                fared[app.emails.outbox.wait(email.id, within=timedelta(minutes=10)).status or "unknown"] += 1
        for status, count in sorted(fared.items()):
            print(f"{status}: {count}")


if __name__ == "__main__":
    main(*sys.argv[1:])

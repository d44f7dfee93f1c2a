"""Replace a user's API keys that expire soon: create each new key, then revoke the old one.

    python examples/rotate_api_keys.py USER_ID

Prints each new key with its description; the keys cannot be read later. Needs HEXCLAVE_PROJECT_ID and
HEXCLAVE_SECRET_SERVER_KEY.
"""

import sys
from datetime import UTC, datetime, timedelta

import hexclave

SOON = timedelta(days=14)
LIFE = timedelta(days=90)


def main(user_id: str) -> None:
    now = datetime.now(UTC)
    with hexclave.HexclaveServerApp() as app:
        for key in app.api_keys.list(user_id):
            if key.manually_revoked_at or key.expires_at is None or not now < key.expires_at < now + SOON:
                continue
            new = app.api_keys.create(user_id, description=key.description, expires_at=now + LIFE)
            print(f"{key.description}: {new.value.reveal()}", flush=True)
            app.api_keys.revoke(key.id)


if __name__ == "__main__":
    main(sys.argv[1])

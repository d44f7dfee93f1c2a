"""Delete anonymous users who have been inactive for a number of days.

    python examples/clean_up_anonymous.py 30            # only count them
    python examples/clean_up_anonymous.py 30 --delete

Needs HEXCLAVE_PROJECT_ID and HEXCLAVE_SECRET_SERVER_KEY.
"""

import sys
from datetime import UTC, datetime, timedelta

import hexclave


def main(days: int, *, delete: bool) -> int:
    since = datetime.now(UTC) - timedelta(days=days)
    with hexclave.HexclaveServerApp() as app:
        # List all users before deleting any: the cursor of a page is a user, who must still exist.
        gone = [
            user.id
            for user in app.users.list(only_anonymous=True, include_anonymous=True, limit=1_000)
            if user.last_active_at < since
        ]
        print(f"{len(gone)} anonymous users have been inactive for {days} days")
        if not delete:
            return 0
        failed = 0
        for outcome in app.users.delete_many(gone):
            if not outcome.ok and not isinstance(outcome.error, hexclave.errors.UserNotFound):
                failed += 1
                print(f"{outcome.row}: {outcome.error}", file=sys.stderr)
        print(f"{len(gone) - failed} deleted")
        return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), delete="--delete" in sys.argv))

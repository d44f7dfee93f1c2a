"""Migrate users from a CSV file. Stop it whenever you like and run it again: it continues where it stopped.

    python examples/import_users.py users.csv

The columns are arguments of `app.users.create`: primary_email, and for example display_name or password_hash. It also
writes `users.csv.done`, with the users that exist now, and `users.csv.failed`, with the rows that were refused and why;
correct these rows in users.csv and run it again. Needs HEXCLAVE_PROJECT_ID and HEXCLAVE_SECRET_SERVER_KEY.

`hexclave-py import users` also reads the exports of other providers, and can undo an import. This program shows how to
write a migration of your own.
"""

import csv
import sys
import time
from collections import Counter
from pathlib import Path

import hexclave


def main(path: str) -> int:
    journal, failures = Path(f"{path}.done"), Path(f"{path}.failed")
    done = set(journal.read_text(encoding="utf-8").splitlines()) if journal.exists() else set[str]()
    counts, begun = Counter(skipped=len(done)), time.monotonic()
    with (
        hexclave.HexclaveServerApp() as app,
        Path(path).open(encoding="utf-8", newline="") as file,
        journal.open("a", encoding="utf-8") as migrated,
        failures.open("w", encoding="utf-8", newline="") as refused,
    ):
        reasons = csv.writer(refused)
        rows = ({"primary_email_auth_enabled": True, **row} for row in csv.DictReader(file))
        for outcome in app.users.create_many(rows, key=lambda row: row["primary_email"], done=done):
            email = outcome.row["primary_email"]
            if outcome.ok:
                counts["created"] += 1
                print(email, file=migrated, flush=True)
            elif isinstance(outcome.error, hexclave.errors.UserWithEmailAlreadyExists):
                # A previous run was interrupted before it could record this user.
                counts["existed"] += 1
                print(email, file=migrated, flush=True)
            else:
                counts["failed"] += 1
                reasons.writerow([email, outcome.error])
            if sum(counts.values()) % 1000 == 0:
                print(f"{sum(counts.values())} rows", file=sys.stderr)
    seconds = time.monotonic() - begun
    print(", ".join(f"{counts[kind]} {kind}" for kind in ("created", "existed", "skipped", "failed")))
    print(f"{seconds:.1f} s, {(counts['created'] + counts['existed']) / seconds:.0f} users per second")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""Import users from a CSV file concurrently. After a failure, run it again: rows that are done are skipped.

    python examples/import_users.py users.csv

The columns are arguments of `app.users.create`, such as primary_email and display_name. Needs HEXCLAVE_PROJECT_ID and
HEXCLAVE_SECRET_SERVER_KEY.
"""

import csv
import sys
from pathlib import Path

import hexclave


def main(path: str) -> int:
    journal = Path(f"{path}.done")
    done: set[str] = set(journal.read_text(encoding="utf-8").splitlines()) if journal.exists() else set()
    failed = 0
    with (
        hexclave.HexclaveServerApp() as app,
        Path(path).open(encoding="utf-8", newline="") as file,
        journal.open("a", encoding="utf-8") as written,
    ):
        rows = ({"primary_email_auth_enabled": True, **row} for row in csv.DictReader(file))
        for outcome in app.users.create_many(rows, key=lambda row: row["primary_email"], done=done):
            # Existing users were created by a previous run that was interrupted before it could record them.
            if outcome.ok or isinstance(outcome.error, hexclave.errors.UserWithEmailAlreadyExists):
                print(outcome.row["primary_email"], file=written, flush=True)
            else:
                failed += 1
                print(f"{outcome.row.get('primary_email')}: {outcome.error}", file=sys.stderr)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

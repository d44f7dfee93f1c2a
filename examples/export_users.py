"""Export all users of a project as CSV, in constant memory.

    python examples/export_users.py > users.csv

Needs HEXCLAVE_PROJECT_ID and HEXCLAVE_SECRET_SERVER_KEY.
"""

import csv
import sys

import hexclave


def main() -> None:
    with hexclave.HexclaveServerApp() as app:
        table = csv.writer(sys.stdout)
        table.writerow(["id", "primary_email", "display_name", "signed_up_at", "is_anonymous"])
        for user in app.users.export().prefetched():
            signed_up = user.signed_up_at.isoformat()
            table.writerow([user.id, user.primary_email, user.display_name, signed_up, user.is_anonymous])


if __name__ == "__main__":
    main()

"""Charge a user credits for a command: deduct them first, and refund them if the command fails.

    python examples/meter_item.py USER_ID credits 3 -- some-command with arguments

Needs HEXCLAVE_PROJECT_ID and HEXCLAVE_SECRET_SERVER_KEY.
"""

import subprocess
import sys

import hexclave


def main(user_id: str, item_id: str, price: int, command: list[str]) -> int:
    with hexclave.HexclaveServerApp() as app:
        customer = app.payments.for_user(user_id)
        # Atomic on the server: two workers can never spend the same credit.
        if not customer.try_decrease_item_quantity(item_id, price):
            print(f"{price} {item_id} are needed, {customer.get_item(item_id).quantity} are left", file=sys.stderr)
            return 1
        status = 1
        try:
            status = subprocess.run(command, check=False).returncode  # noqa: S603 - the user's own command
        finally:
            if status != 0:
                customer.increase_item_quantity(item_id, price, description="the work failed")
        print(f"{customer.get_item(item_id).quantity} {item_id} are left")
        return status


if __name__ == "__main__":
    split = sys.argv.index("--")
    user, item, amount = sys.argv[1:split]
    sys.exit(main(user, item, int(amount), sys.argv[split + 1 :]))

"""Keep a secret of a user, such as a token of another service, so that only you can read it.

    echo -n s3cr3t | python examples/vault.py set STORE KEY
    python examples/vault.py get STORE KEY

Values come from standard input, because command lines can be seen by others. Needs HEXCLAVE_PROJECT_ID,
HEXCLAVE_SECRET_SERVER_KEY, and VAULT_SECRET: whoever loses it loses the values.
"""

import os
import sys

import hexclave


def main(command: str, store: str, key: str) -> int:
    secret = hexclave.Secret(os.environ["VAULT_SECRET"])
    with hexclave.HexclaveServerApp() as app:
        if command == "set":
            app.data_vault.set(store, key, sys.stdin.read(), secret=secret)
            return 0
        value = app.data_vault.find(store, key, secret=secret)
        if value is None:
            print("nothing is stored there, or with another secret", file=sys.stderr)
            return 1
        sys.stdout.write(value.reveal())
        return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

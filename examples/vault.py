"""Store a user's secret, such as a token for another service, so that only you can read it.

    echo -n s3cr3t | python examples/vault.py set STORE KEY
    python examples/vault.py get STORE KEY

Values are read from standard input, because other users of the machine can see command lines. Needs
HEXCLAVE_PROJECT_ID, HEXCLAVE_SECRET_SERVER_KEY, and VAULT_SECRET; if VAULT_SECRET is lost, so are the values.
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
            print("no value is stored under this key, or it was stored with a different secret", file=sys.stderr)
            return 1
        sys.stdout.write(value.reveal())
        return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

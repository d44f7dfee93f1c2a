"""`python -m hexclave`: the command line."""

import sys

from hexclave.cli import main

if __name__ == "__main__":
    sys.exit(main())

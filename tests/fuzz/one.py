"""The command `python -m tests.fuzz.one TARGET [libFuzzer options]`: fuzz one target until the time is over or it
fails.
"""

import sys

import atheris

with atheris.instrument_imports(include=["hexclave", "hexclave_api"]):
    from tests.fuzz.targets import TARGETS

name = sys.argv.pop(1)
atheris.Setup(sys.argv, TARGETS[name].run)
atheris.Fuzz()

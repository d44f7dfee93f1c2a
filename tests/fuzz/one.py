"""`python -m tests.fuzz.one TARGET [libFuzzer options]`: one target, until the time is over or something breaks."""

import sys

import atheris

with atheris.instrument_imports(include=["hexclave", "hexclave_api"]):
    from tests.fuzz.targets import TARGETS

name = sys.argv.pop(1)
atheris.Setup(sys.argv, TARGETS[name].run)
atheris.Fuzz()

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hexclave_emulator import Emulator
from tests.emulator.asking import Asker
from tests.emulator.performing import Cast


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    made = Emulator()
    yield made
    made.close()


@pytest.fixture
def ask(emulator: Emulator) -> Asker:
    return Asker(emulator)


@pytest.fixture
def cast(ask: Asker) -> Cast:
    return Cast(ask)

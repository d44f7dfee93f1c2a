"""Fixtures of the generator's tests."""

from pathlib import Path

import pytest

from tests.generator.importing import Room


@pytest.fixture
def room(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Room:
    """An empty folder with an importer."""
    return Room(tmp_path, capsys)

"""What is installed and what importing it costs."""

import subprocess
import sys
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

import hexclave

ROOT = Path(__file__).parents[2]


def test_each_public_name_exists():
    """Ruff keeps them sorted."""
    assert len(hexclave.__all__) == len(set(hexclave.__all__))
    for name in hexclave.__all__:
        assert getattr(hexclave, name) is not None
    assert set(hexclave.__all__) <= set(dir(hexclave))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="bogus"):
        hexclave.bogus  # noqa: B018 - looking it up is the point


def loaded_by(statement):
    code = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()


def test_importing_the_package_loads_nothing_that_a_program_may_not_need():
    third_party = ("hexclave", "httpx", "httpcore", "attr", "asyncio", "ssl", "json", "logging")
    loaded = {name for name in loaded_by("import hexclave") if name.startswith(third_party)}
    assert loaded == {"hexclave", "hexclave._version"}


def test_making_a_blocking_app_loads_no_model_no_operation_and_no_known_error():
    loaded = loaded_by("import hexclave; hexclave.HexclaveClientApp('p1')")
    unwanted = [
        name
        for name in loaded
        if name.startswith(
            ("hexclave_api.models.", "hexclave_api.operations.", "hexclave.resources.", "hexclave.verify")
        )
        or name in ("hexclave.errors._known", "hexclave.emulator", "hexclave.redis", "redis", "cryptography", "yaml")
    ]
    assert unwanted == []


def test_the_wheel_holds_both_packages_typed_and_nothing_else(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"hexclave", "hexclave_api"}
    assert {"hexclave/py.typed", "hexclave_api/py.typed"} <= set(names)
    code = f"import sys; sys.path.insert(0, {str(wheel)!r}); import hexclave; print(hexclave.__file__)"
    cold = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True, env={"PYTHONPATH": ""}
    )
    assert str(wheel) in cold.stdout


def test_the_version_is_one():
    assert import_module("hexclave._version").__version__ == hexclave.__version__

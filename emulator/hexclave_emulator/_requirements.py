"""The packages of the extra `emulator`. If one is missing, importing this module fails with instructions."""

from importlib.util import find_spec

_MISSING = [name for name in ("bcrypt", "cryptography", "httptools", "uvicorn", "yaml") if find_spec(name) is None]
if _MISSING:
    raise ImportError(f"the emulator needs {', '.join(_MISSING)}: pip install 'hexclave[emulator]'")

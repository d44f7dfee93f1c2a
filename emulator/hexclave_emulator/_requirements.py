"""The packages of the extra `emulator`. Importing this fails, with what to do about it, where one is missing."""

from importlib.util import find_spec

_MISSING = [name for name in ("bcrypt", "cryptography", "httptools", "uvicorn", "yaml") if find_spec(name) is None]
if _MISSING:
    raise ImportError(f"the emulator needs {', '.join(_MISSING)}: pip install 'hexclave[emulator]'")

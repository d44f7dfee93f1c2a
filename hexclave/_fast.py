"""The choice of `http_client="fast"`."""

import importlib.util
import os
import sys

from hexclave.errors import UnsafeUseError


def is_chosen(http_client: object) -> bool:
    """Whether the app is to have fast connections.

    Raises:
        UnsafeUseError: it is to, but what they need is not installed; or another text was given.
    """
    if not isinstance(http_client, str):
        return False
    if http_client != "fast":
        raise UnsafeUseError(f'http_client must be a client or "fast", not {http_client!r}.')
    # Found but not loaded, so that an app may be made before a process is forked.
    if not (importlib.util.find_spec("pyreqwest") and importlib.util.find_spec("msgspec")):
        raise UnsafeUseError("http_client=\"fast\" needs more packages: pip install 'hexclave[fast]'.")
    return True


def is_usable() -> bool:
    """Not in a process that was forked from one with fast connections: their runtime would never answer there."""
    loaded = sys.modules.get("hexclave._fast_connections")
    return loaded is None or os.getpid() == loaded.LOADED_IN

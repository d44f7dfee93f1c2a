"""TLS: whose certificates are trusted."""

import functools
import os
import ssl
import sys
from importlib.util import find_spec


@functools.cache
def default_context() -> ssl.SSLContext:
    """Return the context of the process, made at the first https call because it reads all certificates.

    `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the certificates of certifi.
    """
    if cafile := os.environ.get("SSL_CERT_FILE"):
        context = ssl.create_default_context(cafile=cafile)
    elif capath := os.environ.get("SSL_CERT_DIR"):
        context = ssl.create_default_context(capath=capath)
    else:
        context = ssl.create_default_context(cafile=_certifi_file())
    context.set_alpn_protocols(["http/1.1"])
    return context


def _certifi_file() -> str:
    """Return `certifi.where()`, usually without importing certifi, which takes half as long as reading the file."""
    spec = None if "certifi" in sys.modules else find_spec("certifi")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = f"{folder}/cacert.pem"
        if os.access(path, os.R_OK):  # Distributions with their own certificates omit it.
            return path
    import certifi

    return certifi.where()

"""TLS: whose certificates are trusted."""

import functools
import os
import ssl

import certifi


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
        context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context

"""The content of replies as the server compressed it."""

import contextlib
import zlib


def decoded(status: int, encoding: str, content: bytes) -> bytes:
    """What it was before; empty where that cannot be told of a failure, which is told by its status.

    Raises:
        DecodingError: the content of a success is not what its header says.
    """
    if encoding == "gzip":
        unzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
        with contextlib.suppress(zlib.error):
            return unzip.decompress(content) + unzip.flush()
    from hexclave import _by_httpx  # slow to load

    return _by_httpx.decoded(status, [(b"content-encoding", encoding.encode())], content)

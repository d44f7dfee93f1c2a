"""The base URL and its origin, read by hand in the usual form and by the standard library in any other."""

from urllib.parse import urlsplit

import hypothesis.strategies as st
from hypothesis import example, given

from hexclave import _base_url

LABELS = st.text("abcz019-_.", max_size=6)
PORTS = st.sampled_from(["", ":", ":0", ":00", ":1", ":080", ":8080", ":65535", ":65536", ":99999", ":1x", ":\u0661"])
PATHS = st.sampled_from(["", "/", "/a/b-c_d", "//", "/a//b", "/A", "/a:b", "/%20"])


@given(st.sampled_from(["http", "https", "ftp", "HTTP", ""]), LABELS, PORTS, PATHS)
@example("https", "api.example.com", "", "")
@example("http", "127.0.0.1", ":8102", "/prefix")
def test_handwritten_parsing_agrees_with_the_standard_library(scheme: str, host: str, port: str, path: str) -> None:
    url = f"{scheme}://{host}{port}{path}"
    read = _base_url._ordinary(url)
    if read is not None:
        split = urlsplit(url)
        default = {"http": 80, "https": 443}[split.scheme]
        assert read == (split.scheme, split.hostname, split.port or default, split.path)


def test_usual_urls_are_read_by_hand() -> None:
    for url in ("https://api.hexclave.com", "http://localhost:8102/prefix/"):
        assert _base_url._ordinary(url) is not None

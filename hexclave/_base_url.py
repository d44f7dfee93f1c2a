"""The base URL: validated before any I/O, and split into the origin that credentials are sent to."""

from typing import Final, NamedTuple

from hexclave.credentials import as_secret, from_environment, problem_of
from hexclave.errors import UnsafeUseError
from hexclave_api.secret import Secret, SecretText

DEFAULT_BASE_URL: Final = "https://api.hexclave.com"
_PORTS: Final = {"http": 80, "https": 443}
_LONGEST_LABEL: Final = 63
"""Maximum length of a label of a host name (RFC 1035)."""
_ORDINARY: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_/")


def checked_base_url(given: SecretText | None, *, allow_insecure_http: bool) -> str:
    """Return the origin and path prefix of all calls, without a trailing slash.

    Raises:
        UnsafeUseError: it is not an absolute HTTP(S) URL, has a query, fragment or password, or is plain HTTP to a
            host other than localhost.
    """
    url = as_secret(from_environment("base_url") or DEFAULT_BASE_URL if given is None else given)
    del given  # A traceback with locals must not show it: it may contain a password.
    problem = _url_problem(url.reveal() if isinstance(url, Secret) else url, allow_insecure_http)
    if problem is not None or not isinstance(url, Secret):
        raise UnsafeUseError(f"base_url {problem}")
    return url.reveal().rstrip("/")


def _url_problem(value: object, allow_insecure_http: bool) -> str | None:
    if not isinstance(value, str) or not value:
        return problem_of(value)
    url = _ordinary(value)
    if url is None:
        from urllib.parse import urlsplit  # slow to load

        try:
            split = urlsplit(value)
            url = _Url(split.scheme, split.hostname or "", split.port or 0, split.path)
        except ValueError:
            return "is not a URL."
        if split.username is not None or split.password is not None:
            return "must not contain a user name or password."
    host = url.host
    if url.scheme not in _PORTS or not host:
        return "must be an absolute URL with a host, such as https://api.example.com."
    # Even an empty query or fragment would swallow the path that is appended.
    if any(sign in value for sign in "?# \\") or not value.isascii() or not value.isprintable():
        return "must have only an origin and a path: no query, fragment, space, backslash or non-ASCII character."
    if not all(0 < len(label) <= _LONGEST_LABEL for label in host.removesuffix(".").split(".")):
        return "has a host name with an empty label or one longer than 63 characters."
    if url.path.rstrip("/").endswith("/api/v1"):
        return "must not include /api/v1, which is added to every call."
    if url.scheme == "http" and not allow_insecure_http and not _is_loopback(host):
        return (
            f"would send keys to {host} over plain HTTP: use https, or pass allow_insecure_http=True if you trust the "
            "network."
        )
    return None


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port, which must match before a credential is sent."""
    ordinary = _ordinary(url)
    if ordinary is not None:
        return ordinary[:3]
    from urllib.parse import urlsplit  # slow to load

    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)


class _Url(NamedTuple):
    scheme: str
    host: str
    port: int
    path: str


def _ordinary(url: str) -> _Url | None:
    """Split a URL in its usual form; `None` if it has any other."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    host, colon, digits = authority.partition(":")
    if scheme not in _PORTS or not host or not _ORDINARY.issuperset(host + path):
        return None
    if not colon:
        return _Url(scheme, host, _PORTS[scheme], slash + path)
    is_port = digits.isascii() and digits.isdecimal() and digits[0] != "0" and len(digits) < 6 and int(digits) < 1 << 16
    return _Url(scheme, host, int(digits), slash + path) if is_port else None


def _is_loopback(host: str) -> bool:
    if host in ("localhost", "127.0.0.1") or host.endswith(".localhost"):
        return True
    import ipaddress  # slow to load

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

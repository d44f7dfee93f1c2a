"""Credentials of each access type, and validation of keys, URLs and headers before any I/O.

`MATRIX` is the whole policy: an app never sends a credential that its access type does not list.
"""

import os
import re
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple, TypeVar, cast

from hexclave._version import __version__
from hexclave.errors import UnsafeUseError
from hexclave_api.operation import AccessType
from hexclave_api.secret import Secret, SecretText

__all__ = ["SecretText"]

T = TypeVar("T")


class Access(NamedTuple):
    """Credentials of an access type, by the names of the constructor arguments."""

    must_hold: tuple[str, ...]
    """At least one of these."""
    may_hold: tuple[str, ...]
    user_session: str
    """Effect of a user session on calls of this access type."""


MATRIX: Final[Mapping[AccessType, Access]] = {
    "client": Access(
        must_hold=(),
        may_hold=("publishable_client_key",),
        user_session="the call is made by that user",
    ),
    "server": Access(
        must_hold=("secret_server_key",),
        may_hold=(),
        user_session="`me` is that user; the permissions are those of the server key",
    ),
    "admin": Access(
        must_hold=("super_secret_admin_key", "admin_access_token"),
        may_hold=(),
        user_session="`me` is that user; the permissions are those of the admin",
    ),
}

HEADERS: Final[Mapping[str, str]] = {
    "project_id": "x-stack-project-id",
    "access_type": "x-stack-access-type",
    "branch_id": "x-stack-branch-id",
    "client_version": "x-stack-client-version",
    "publishable_client_key": "x-stack-publishable-client-key",
    "secret_server_key": "x-stack-secret-server-key",
    "super_secret_admin_key": "x-stack-super-secret-admin-key",
    "admin_access_token": "x-stack-admin-access-token",
    "access_token": "x-stack-access-token",
    "refresh_token": "x-stack-refresh-token",
    "allow_anonymous": "x-stack-allow-anonymous-user",
    "allow_restricted": "x-stack-allow-restricted-user",
    "nonce": "x-stack-random-nonce",
    "client_request_id": "x-client-request-id",
}
"""`x-stack-*` names, because every server version reads them and older self-hosted ones read no others. The
API does not know the last one, which is for the logs of proxies."""

_AFTER_DIGITS: Final = __version__.lstrip("0123456789.")
CLIENT_VERSION: Final = f"python @hexclave/python@{__version__.removesuffix(_AFTER_DIGITS)}"
"""The backend parses `<platform> @<package>@<digits and dots>` and ignores any other format."""

USER_AGENT: Final = f"hexclave-python/{__version__} Python/{'.'.join(map(str, sys.version_info[:3]))}"

DEFAULT_BASE_URL: Final = "https://api.hexclave.com"

_PORTS: Final = {"http": 80, "https": 443}
_ORDINARY: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_/")
_LONGEST_REQUEST_ID: Final = 200
_LONGEST_LABEL: Final = 63
"""Maximum length of a label of a host name (RFC 1035)."""
_PREFIXES: Final = {
    "pck_": ("publishable_client_key", "HexclaveClientApp"),
    "ssk_": ("secret_server_key", "HexclaveServerApp"),
    "sak_": ("super_secret_admin_key", "HexclaveAdminApp"),
}
_ENVIRONMENT: Final = {
    "project_id": "PROJECT_ID",
    "publishable_client_key": "PUBLISHABLE_CLIENT_KEY",
    "secret_server_key": "SECRET_SERVER_KEY",
    "super_secret_admin_key": "SUPER_SECRET_ADMIN_KEY",
    "base_url": "API_URL",
}
_OWN_HEADERS: Final = frozenset(name.removeprefix("x-stack-") for name in HEADERS.values())
_TRANSPORT_HEADERS: Final = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te", "trailer"}
)
_CREDENTIALS_OF_HTTP: Final = frozenset({"authorization", "proxy-authorization"})
_HEADER_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"


def from_environment(argument: str) -> str | None:
    """Return the value of `HEXCLAVE_<NAME>`, or of `STACK_<NAME>`; an empty one counts as unset."""
    name = _ENVIRONMENT[argument]
    return os.environ.get(f"HEXCLAVE_{name}") or os.environ.get(f"STACK_{name}") or None


def header_value(value: SecretText | None, argument: str) -> str:
    """Return the value after checking that it is a valid header value.

    Raises:
        UnsafeUseError: it is not a `str`, is empty, has control or non-ASCII characters, or surrounding spaces.
    """
    text = value.reveal() if isinstance(value, Secret) else value
    problem = _problem(text)
    if problem is None:
        return cast(str, text)
    del value, text  # A traceback with locals must not show a secret.
    raise UnsafeUseError(f"{argument} {problem}")


def as_secret(given: SecretText | None) -> SecretText | None:
    """Return the text as a `Secret`, so that tracebacks with locals do not show it.

    Anything else, such as a key as `bytes`, is replaced by its type, which is all that error messages need.
    """
    if isinstance(given, str):
        return Secret(given) if given else given
    return given if given is None or isinstance(given, (Secret, type)) else cast(Any, type(given))


def hide_text(given: T) -> T:
    """Wrap text passed where no secret belongs, such as a key passed as the project ID."""
    return cast(T, as_secret(cast(Any, given))) if isinstance(given, (str, bytes, bytearray)) else given


def headers_as_secrets(given: Mapping[str, str] | None) -> dict[str, SecretText | None]:
    """Return the headers with their values as secrets.

    Raises:
        UnsafeUseError: it is not a mapping.
    """
    mapping: object = given
    if mapping is not None and not isinstance(mapping, Mapping):
        kind = type(mapping).__name__
        del given, mapping
        raise UnsafeUseError(f"extra_headers must be a mapping of names to values, not {kind}.")
    return {name: as_secret(value) for name, value in (given or {}).items()}


def project_id(given: SecretText | None) -> str:
    """Return the project ID from the argument or the environment.

    Raises:
        UnsafeUseError: it is missing, is a key, or is not a valid header value.
    """
    secret = as_secret(from_environment("project_id") if given is None else given)
    del given  # A traceback with locals must not show a key passed here by mistake.
    if secret is None:
        raise UnsafeUseError("The project ID is missing: pass project_id=… or set HEXCLAVE_PROJECT_ID.")
    prefix = secret.reveal()[:4] if isinstance(secret, Secret) else ""
    if prefix in _PREFIXES:
        raise UnsafeUseError(f"project_id is a key ({prefix}…); a project ID is a UUID or `internal`.")
    return header_value(secret, "project_id")


def keys_of(access: AccessType, given: Mapping[str, SecretText | None], *, keyless: bool) -> dict[str, Secret]:
    """Return the keys of an app of this access type, from its arguments or the environment.

    `keyless`: the app has another credential instead of the key, such as an owner's access token.

    Raises:
        UnsafeUseError: a key is missing, is of another kind, or is not a valid header value.
    """
    row = MATRIX[access]
    held = {}
    for argument, value in given.items():
        secret = as_secret(from_environment(argument)) if value is None and not keyless else value
        if secret is not None:
            held[argument] = checked(secret, argument)
        elif argument in row.must_hold and not keyless:
            raise UnsafeUseError(f"The key is missing: pass {argument}=… or set HEXCLAVE_{_ENVIRONMENT[argument]}.")
    return held


def checked(secret: SecretText | None, argument: str) -> Secret:
    """Return the key or token after checking that it is a valid header value and of the right kind.

    Raises:
        UnsafeUseError: it is not.
    """
    problem = _problem(secret.reveal() if isinstance(secret, Secret) else secret)
    if problem is not None or not isinstance(secret, Secret):
        raise UnsafeUseError(f"{argument} {problem}")
    prefix = secret.reveal()[:4]
    slot, app = _PREFIXES.get(prefix, (argument, ""))
    if slot != argument:
        raise UnsafeUseError(f"{argument} is a {slot.replace('_', ' ')} ({prefix}…): pass it as {slot} to {app}.")
    return secret


def _problem(value: object) -> str | None:
    if not isinstance(value, str):
        kind = value if isinstance(value, type) else type(value)
        return f"must be a str, not {kind.__name__}."
    if not value:
        return "is empty."
    if not (value.isascii() and value.isprintable()):
        return "contains a line break, control character or non-ASCII character, which headers cannot carry."
    if value != value.strip():
        return "begins or ends with whitespace: remove it."
    return None


def base_url(given: SecretText | None, *, allow_insecure_http: bool) -> str:
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
        return _problem(value)
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


def extra_headers(given: Mapping[str, SecretText | None]) -> dict[str, Secret]:
    """Return the caller's own headers with lower-case names.

    Raises:
        UnsafeUseError: a name is invalid or reserved for the SDK or the HTTP library, or a value is invalid.
    """
    headers = {}
    for name, value in given.items():
        lower = _header_name(name, "extra_headers")
        # The backend copies x-hexclave-* onto x-stack-*, so either prefix would override what the app sends.
        if lower.removeprefix("x-stack-").removeprefix("x-hexclave-") in _OWN_HEADERS and lower.startswith("x-"):
            raise UnsafeUseError(f"extra_headers: {name} is set by the app; use the app's arguments instead.")
        problem = _problem(value.reveal() if isinstance(value, Secret) else value)
        if problem is not None or not isinstance(value, Secret):
            raise UnsafeUseError(f"extra_headers[{name!r}] {problem}")
        headers[lower] = value
    return headers


def added_headers(given: Mapping[str, SecretText | None], present: Collection[str]) -> dict[str, str]:
    """Return the headers that a hook adds to a request with the headers `present`, with lower-case names.

    Raises:
        UnsafeUseError: a name is invalid, or reserved for the SDK, the HTTP library or credentials, or a value is
            invalid, or the request already has the header.
    """
    headers = {}
    for name, value in given.items():
        lower = _header_name(name, "on_request")
        if lower in present:
            raise UnsafeUseError(f"on_request: the app sets {name} itself, and hooks must not replace it.")
        if lower in _CREDENTIALS_OF_HTTP or lower.startswith(("x-stack-", "x-hexclave-")):
            raise UnsafeUseError(f"on_request: {name} may carry credentials, which hooks must not add.")
        headers[lower] = header_value(value, f"on_request: {name}")
    return headers


def _header_name(name: object, argument: str) -> str:
    lower = name.lower() if isinstance(name, str) else ""
    if not re.fullmatch(_HEADER_NAME, lower) or lower in _TRANSPORT_HEADERS:
        raise UnsafeUseError(f"{argument}: {name!r} is not a valid header name, or is set by the HTTP client.")
    if lower == "cookie":
        raise UnsafeUseError(f"{argument}: the API does not use cookies; pass a user's tokens as the app's session.")
    return lower


def client_request_id(given: SecretText | None) -> str:
    """Return the caller's ID of a call.

    Raises:
        UnsafeUseError: it is not a valid header value, is longer than 200 characters, or is a key.
    """
    text = header_value(given, "client_request_id")
    if len(text) <= _LONGEST_REQUEST_ID and text[:4] not in _PREFIXES:
        return text
    problem = "is longer than 200 characters" if len(text) > _LONGEST_REQUEST_ID else f"is a key ({text[:4]}…)"
    del text
    raise UnsafeUseError(f"client_request_id {problem}.")


def with_headers(
    static: Callable[[], dict[str, str]], extra: Mapping[str, Secret], client_request_id: str | None
) -> Callable[[], dict[str, str]]:
    """Return such a function as `static_headers` returns, with more headers; they replace others of the same name."""
    headers = static()
    headers.update({name: value.reveal() for name, value in extra.items()})
    if client_request_id is not None:
        headers[HEADERS["client_request_id"]] = client_request_id
    return headers.copy


def static_headers(
    access: AccessType,
    project: str,
    keys: Mapping[str, Secret],
    *,
    branch_id: str | None,
    allow_anonymous: bool,
    allow_restricted: bool,
    extra: Mapping[str, Secret],
    user_agent: str = USER_AGENT,
) -> Callable[[], dict[str, str]]:
    """Return a function that returns a new dict of the headers common to all calls of an app."""
    headers = {
        HEADERS["project_id"]: project,
        HEADERS["access_type"]: access,
        HEADERS["client_version"]: CLIENT_VERSION,
        "user-agent": user_agent,
    }
    if branch_id is not None:
        headers[HEADERS["branch_id"]] = branch_id
    if allow_anonymous:
        headers[HEADERS["allow_anonymous"]] = "true"
    if allow_restricted:
        headers[HEADERS["allow_restricted"]] = "true"
    # Nothing below can fail, so no traceback shows this frame.
    headers.update({name: value.reveal() for name, value in extra.items()})
    headers.update({HEADERS[name]: secret.reveal() for name, secret in keys.items()})
    return headers.copy


def origin(url: str) -> tuple[str, str, int]:
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

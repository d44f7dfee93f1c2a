"""Which credentials each access type must hold, may hold and sends; wrong use is refused before any I/O.

The matrix is the whole policy: what stands in no column of an access type is never sent by its apps.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from hexclave._secret import Secret
from hexclave._version import __version__
from hexclave.errors import UnsafeUseError
from hexclave_api.operation import AccessType

SecretText: TypeAlias = str | Secret


class Access(NamedTuple):
    """A row of the matrix: names of credentials, as constructor arguments."""

    must_hold: tuple[str, ...]
    """At least one of these."""
    may_hold: tuple[str, ...]
    user_session: str
    """What a user's tokens do on calls of this access type."""


MATRIX: Final[Mapping[AccessType, Access]] = {
    "client": Access(
        must_hold=(),
        may_hold=("publishable_client_key",),
        user_session="the call is made by that user",
    ),
    "server": Access(
        must_hold=("secret_server_key",),
        may_hold=(),
        user_session="`me` is that user; the rights stay those of the server key",
    ),
    "admin": Access(
        must_hold=("super_secret_admin_key", "admin_access_token"),
        may_hold=(),
        user_session="`me` is that user; the rights stay those of the admin",
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
}
"""`x-stack-*` names, because every server version reads them and older self-hosted ones read nothing else."""

CLIENT_VERSION: Final = f"python @hexclave/python@{re.sub(r'[^0-9.].*', '', __version__)}"
"""The backend parses `<platform> @<package>@<digits and dots>` and ignores every other form."""

DEFAULT_BASE_URL: Final = "https://api.hexclave.com"

_LONGEST_LABEL: Final = 63
"""Characters of one part of a host's name (RFC 1035)."""
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
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def from_environment(argument: str) -> str | None:
    """The value of `HEXCLAVE_<NAME>`, else of its `STACK_<NAME>` twin; an empty one counts as unset."""
    name = _ENVIRONMENT[argument]
    return os.environ.get(f"HEXCLAVE_{name}") or os.environ.get(f"STACK_{name}") or None


def header_value(value: str, argument: str) -> str:
    """The value, if it can be a header value.

    Raises:
        UnsafeUseError: it is empty, or holds a line break, another control character, a non-ASCII one or outer spaces.
    """
    problem = _problem(value)
    if problem is not None:
        del value  # A traceback with locals must not show it.
        raise UnsafeUseError(f"{argument} {problem}")
    return value


def masked(given: SecretText | None) -> SecretText | None:
    """The key, wrapped before anything can fail: a traceback with locals shows what a frame holds."""
    return Secret(given) if isinstance(given, str) and given else given


def project_id(given: str | None) -> str:
    """The project id from the argument or the environment.

    Raises:
        UnsafeUseError: there is none, it is a key, or it cannot be a header value.
    """
    value = from_environment("project_id") if given is None else given
    if value is None:
        raise UnsafeUseError("The project id is missing: pass project_id=… or set HEXCLAVE_PROJECT_ID.")
    prefix = str(value)[:4]
    if prefix in _PREFIXES:
        del value, given  # A traceback with locals must not show the key that strayed here.
        raise UnsafeUseError(f"project_id was given a key ({prefix}…); project ids are UUIDs (or `internal`).")
    return header_value(value, "project_id")


def keys_of(access: AccessType, given: Mapping[str, SecretText | None], *, keyless: bool) -> dict[str, Secret]:
    """The keys that the app of this access type holds, from its arguments or the environment.

    `keyless`: something else, such as an owner's access token, stands in for the key.

    Raises:
        UnsafeUseError: a key is missing, belongs in another slot, or cannot be a header value.
    """
    row = MATRIX[access]
    held = {}
    for argument, value in given.items():
        secret = masked(from_environment(argument)) if value is None and not keyless else value
        if secret is not None:
            held[argument] = checked(secret, argument)
        elif argument in row.must_hold and not keyless:
            raise UnsafeUseError(f"The key is missing: pass {argument}=… or set HEXCLAVE_{_ENVIRONMENT[argument]}.")
    return held


def checked(secret: SecretText | None, argument: str) -> Secret:
    """The key or token, if it can be a header value and belongs to this argument.

    Raises:
        UnsafeUseError: it cannot or does not.
    """
    if secret == "":
        raise UnsafeUseError(f"{argument} is empty.")
    if not isinstance(secret, Secret):
        raise UnsafeUseError(f"{argument} must be a str, not {type(secret).__name__}.")
    problem = _problem(secret.reveal())
    if problem is not None:
        raise UnsafeUseError(f"{argument} {problem}")
    prefix = secret.reveal()[:4]
    slot, app = _PREFIXES.get(prefix, (argument, ""))
    if slot != argument:
        raise UnsafeUseError(
            f"{argument} was given a {slot.replace('_', ' ')} ({prefix}…): pass it as {slot} to {app}."
        )
    return secret


def _problem(value: object) -> str | None:
    if not isinstance(value, str):
        return f"must be a str, not {type(value).__name__}."
    if not value:
        return "is empty."
    if not (value.isascii() and value.isprintable()):
        return "holds a line break, a control or a non-ASCII character; a header cannot carry it."
    if value != value.strip():
        return "begins or ends with a space; it was probably copied with too much around it."
    return None


def base_url(given: str | None, *, allow_insecure_http: bool) -> str:
    """The origin and path prefix that all calls go to, without a trailing slash.

    Raises:
        UnsafeUseError: no absolute http(s) URL, no host, a query, fragment or password in it, or plain http to a host
            that is not this machine.
    """
    value = given if given is not None else from_environment("base_url") or DEFAULT_BASE_URL
    try:
        url = urlsplit(value)
        host, _ = url.hostname, url.port
    except ValueError as error:
        raise UnsafeUseError("base_url is not a URL.") from error
    if url.scheme not in ("http", "https") or not host:
        raise UnsafeUseError("base_url must be an absolute URL with a host, such as https://api.example.com.")
    if url.username is not None or url.password is not None:
        raise UnsafeUseError("base_url must not hold a user name or password.")
    if url.query or url.fragment or not value.isascii() or not value.isprintable() or " " in value:
        raise UnsafeUseError("base_url must be origin and path only: no query, fragment, space or non-ASCII character.")
    if not all(0 < len(label) <= _LONGEST_LABEL for label in host.removesuffix(".").split(".")):
        raise UnsafeUseError("base_url: each part of the host's name must have 1 to 63 characters.")
    if url.path.rstrip("/").endswith("/api/v1"):
        raise UnsafeUseError("base_url must end before /api/v1, which every call adds.")
    if url.scheme == "http" and not allow_insecure_http and not _is_loopback(host):
        raise UnsafeUseError(
            f"base_url sends keys to {host} over plain http. Use https, or pass allow_insecure_http=True if the "
            "network between is yours."
        )
    return value.rstrip("/")


def extra_headers(given: Mapping[str, str] | None) -> dict[str, str]:
    """The caller's own headers with lower-case names.

    Raises:
        UnsafeUseError: a name is no header name, is one the SDK or the HTTP library sets, or a value cannot be sent.
    """
    headers = {}
    for name, value in (given or {}).items():
        lower = name.lower()
        if not _TOKEN.fullmatch(name) or lower in _TRANSPORT_HEADERS:
            raise UnsafeUseError(f"extra_headers: {name!r} cannot be set as a header of a call.")
        # The backend copies x-hexclave-* onto x-stack-*, so either prefix would override what the app sends.
        if lower.removeprefix("x-stack-").removeprefix("x-hexclave-") in _OWN_HEADERS and lower.startswith("x-"):
            raise UnsafeUseError(f"extra_headers: {name} is set by the app; use its arguments instead.")
        headers[lower] = header_value(value, f"extra_headers[{name!r}]")
    return headers


def static_headers(
    access: AccessType,
    project: str,
    keys: Mapping[str, Secret],
    *,
    branch_id: str | None,
    allow_anonymous: bool,
    allow_restricted: bool,
    extra: Mapping[str, str] | None,
) -> Callable[[], dict[str, str]]:
    """A function that makes the headers which are the same for every call of an app; a new dict each time.

    Raises:
        UnsafeUseError: a value that cannot be sent.
    """
    headers = {
        HEADERS["project_id"]: project,
        HEADERS["access_type"]: access,
        HEADERS["client_version"]: CLIENT_VERSION,
        **extra_headers(extra),
    }
    if branch_id is not None:
        headers[HEADERS["branch_id"]] = header_value(branch_id, "branch_id")
    if allow_anonymous:
        headers[HEADERS["allow_anonymous"]] = "true"
    if allow_restricted:
        headers[HEADERS["allow_restricted"]] = "true"
    # Keys last: nothing after this line fails, so no traceback shows this frame.
    headers.update({HEADERS[name]: secret.reveal() for name, secret in keys.items()})
    return headers.copy


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what has to be equal before a credential is sent there."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

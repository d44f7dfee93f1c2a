"""Which credentials each access type must hold, may hold and sends; wrong use is refused before any I/O.

The matrix is the whole policy: what stands in no column of an access type is never sent by its apps.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

from hexclave._version import __version__
from hexclave.errors import UnsafeUseError
from hexclave_api.operation import AccessType
from hexclave_api.secret import Secret, SecretText

__all__ = ["SecretText"]

T = TypeVar("T")


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


def header_value(value: SecretText | None, argument: str) -> str:
    """The value, if it can be a header value.

    Raises:
        UnsafeUseError: it is no text or empty, or holds a line break, another control character, a non-ASCII one or
            outer spaces.
    """
    text = value.reveal() if isinstance(value, Secret) else value
    problem = _problem(text)
    if problem is None:
        return cast(str, text)
    del value, text  # A traceback with locals must not show it.
    raise UnsafeUseError(f"{argument} {problem}")


def masked(given: SecretText | None) -> SecretText | None:
    """The text, wrapped before anything can fail: a traceback with locals shows what a frame holds.

    What is no text, such as a key as `bytes`, is replaced by its type, which is all that its refusal names.
    """
    if isinstance(given, str):
        return Secret(given) if given else given
    return given if given is None or isinstance(given, (Secret, type)) else cast(Any, type(given))


def textless(given: T) -> T:
    """What should hold no secret, such as a project id; where it is text all the same, `masked` wraps it."""
    return cast(T, masked(cast(Any, given))) if isinstance(given, (str, bytes, bytearray)) else given


def masked_headers(given: Mapping[str, str] | None) -> dict[str, SecretText | None]:
    """The headers with their values wrapped, as `masked` does it.

    Raises:
        UnsafeUseError: they are no mapping.
    """
    mapping: object = given
    if mapping is not None and not isinstance(mapping, Mapping):
        kind = type(mapping).__name__
        del given, mapping
        raise UnsafeUseError(f"extra_headers must be a mapping of names to values, not {kind}.")
    return {name: masked(value) for name, value in (given or {}).items()}


def project_id(given: SecretText | None) -> str:
    """The project id from the argument or the environment.

    Raises:
        UnsafeUseError: there is none, it is a key, or it cannot be a header value.
    """
    secret = masked(from_environment("project_id") if given is None else given)
    del given  # A traceback with locals must not show a key that strayed here.
    if secret is None:
        raise UnsafeUseError("The project id is missing: pass project_id=… or set HEXCLAVE_PROJECT_ID.")
    prefix = secret.reveal()[:4] if isinstance(secret, Secret) else ""
    if prefix in _PREFIXES:
        raise UnsafeUseError(f"project_id was given a key ({prefix}…); project ids are UUIDs (or `internal`).")
    return header_value(secret, "project_id")


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
    problem = _problem(secret.reveal() if isinstance(secret, Secret) else secret)
    if problem is not None or not isinstance(secret, Secret):
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
        kind = value if isinstance(value, type) else type(value)
        return f"must be a str, not {kind.__name__}."
    if not value:
        return "is empty."
    if not (value.isascii() and value.isprintable()):
        return "holds a line break, a control or a non-ASCII character; a header cannot carry it."
    if value != value.strip():
        return "begins or ends with a space; it was probably copied with too much around it."
    return None


def base_url(given: SecretText | None, *, allow_insecure_http: bool) -> str:
    """The origin and path prefix that all calls go to, without a trailing slash.

    Raises:
        UnsafeUseError: no absolute http(s) URL, no host, a query, fragment or password in it, or plain http to a host
            that is not this machine.
    """
    url = masked(from_environment("base_url") or DEFAULT_BASE_URL if given is None else given)
    del given  # Like all else that is told of a refused one: it may hold a password.
    problem = _url_problem(url.reveal() if isinstance(url, Secret) else url, allow_insecure_http)
    if problem is not None or not isinstance(url, Secret):
        raise UnsafeUseError(f"base_url {problem}")
    return url.reveal().rstrip("/")


def _url_problem(value: object, allow_insecure_http: bool) -> str | None:
    if not isinstance(value, str) or not value:
        return _problem(value)
    try:
        url = urlsplit(value)
        host, _ = url.hostname, url.port
    except ValueError:
        return "is not a URL."
    if url.scheme not in ("http", "https") or not host:
        return "must be an absolute URL with a host, such as https://api.example.com."
    if url.username is not None or url.password is not None:
        return "must not hold a user name or password."
    # By their signs: an empty query or fragment still makes every path after it a part of itself.
    if any(sign in value for sign in "?# \\") or not value.isascii() or not value.isprintable():
        return "must be origin and path only: no query, fragment, space, backslash or non-ASCII character."
    if not all(0 < len(label) <= _LONGEST_LABEL for label in host.removesuffix(".").split(".")):
        return "has a host whose name has an empty part, or one of more than 63 characters."
    if url.path.rstrip("/").endswith("/api/v1"):
        return "must end before /api/v1, which every call adds."
    if url.scheme == "http" and not allow_insecure_http and not _is_loopback(host):
        return (
            f"sends keys to {host} over plain http. Use https, or pass allow_insecure_http=True if the network between "
            "is yours."
        )
    return None


def extra_headers(given: Mapping[str, SecretText | None]) -> dict[str, Secret]:
    """The caller's own headers, as `masked_headers` wrapped them, with lower-case names.

    Raises:
        UnsafeUseError: a name is no header name, is one the SDK or the HTTP library sets, or a value cannot be sent.
    """
    headers = {}
    for name, value in given.items():
        lower = name.lower() if isinstance(name, str) else ""
        if not _TOKEN.fullmatch(lower) or lower in _TRANSPORT_HEADERS:
            raise UnsafeUseError(f"extra_headers: {name!r} cannot be set as a header of a call.")
        if lower == "cookie":
            raise UnsafeUseError("extra_headers: the API takes no cookies; a user's tokens go into the app's session.")
        # The backend copies x-hexclave-* onto x-stack-*, so either prefix would override what the app sends.
        if lower.removeprefix("x-stack-").removeprefix("x-hexclave-") in _OWN_HEADERS and lower.startswith("x-"):
            raise UnsafeUseError(f"extra_headers: {name} is set by the app; use its arguments instead.")
        problem = _problem(value.reveal() if isinstance(value, Secret) else value)
        if problem is not None or not isinstance(value, Secret):
            raise UnsafeUseError(f"extra_headers[{name!r}] {problem}")
        headers[lower] = value
    return headers


def static_headers(
    access: AccessType,
    project: str,
    keys: Mapping[str, Secret],
    *,
    branch_id: str | None,
    allow_anonymous: bool,
    allow_restricted: bool,
    extra: Mapping[str, Secret],
) -> Callable[[], dict[str, str]]:
    """A function that makes the headers which are the same for every call of an app; a new dict each time."""
    headers = {
        HEADERS["project_id"]: project,
        HEADERS["access_type"]: access,
        HEADERS["client_version"]: CLIENT_VERSION,
    }
    if branch_id is not None:
        headers[HEADERS["branch_id"]] = branch_id
    if allow_anonymous:
        headers[HEADERS["allow_anonymous"]] = "true"
    if allow_restricted:
        headers[HEADERS["allow_restricted"]] = "true"
    # Nothing from here on fails, so no traceback shows this frame.
    headers.update({name: value.reveal() for name, value in extra.items()})
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

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


_LONGEST_REQUEST_ID: Final = 200
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
    problem = problem_of(text)
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
    problem = problem_of(secret.reveal() if isinstance(secret, Secret) else secret)
    if problem is not None or not isinstance(secret, Secret):
        raise UnsafeUseError(f"{argument} {problem}")
    prefix = secret.reveal()[:4]
    slot, app = _PREFIXES.get(prefix, (argument, ""))
    if slot != argument:
        raise UnsafeUseError(f"{argument} is a {slot.replace('_', ' ')} ({prefix}…): pass it as {slot} to {app}.")
    return secret


def problem_of(value: object) -> str | None:
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
        problem = problem_of(value.reveal() if isinstance(value, Secret) else value)
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

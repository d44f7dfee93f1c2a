"""All known errors by name and by code. Imported only when a reply has a code, because loading them all is slow."""

from collections.abc import Mapping
from typing import Final

from hexclave.errors import (
    _ai_chat,
    _analytics,
    _api_keys,
    _data_vault,
    _device_login,
    _emails,
    _external_auth,
    _oauth,
    _passkeys,
    _passwords,
    _payments,
    _permissions,
    _project_access,
    _requests,
    _sessions,
    _sign_in,
    _teams,
    _users,
    _verification_codes,
)
from hexclave.errors._status import KnownError

_DOMAINS: Final = (
    _ai_chat,
    _analytics,
    _api_keys,
    _data_vault,
    _device_login,
    _emails,
    _external_auth,
    _oauth,
    _passkeys,
    _passwords,
    _payments,
    _permissions,
    _project_access,
    _requests,
    _sessions,
    _sign_in,
    _teams,
    _users,
    _verification_codes,
)

BY_NAME: Final[Mapping[str, type[KnownError]]] = {
    name: value
    for domain in _DOMAINS
    for name, value in vars(domain).items()
    if isinstance(value, type) and issubclass(value, KnownError) and value is not KnownError
}
"""Class name to class, including abstract parents."""

BY_CODE: Final[Mapping[str, type[KnownError]]] = {
    vars(known)["code"]: known for known in BY_NAME.values() if "code" in vars(known)
}
"""API error code to class."""

"""Python SDK for the Hexclave API: authentication and user management.

    import hexclave

    with hexclave.HexclaveServerApp() as app:
        user = app.call(create_user(primary_email="ada@example.com"))

Start with one of the apps. `hexclave.errors` has the exceptions they raise, `hexclave_api` all operations of the API.
"""

from typing import TYPE_CHECKING

from hexclave._version import __version__

if TYPE_CHECKING:
    from hexclave import errors, models
    from hexclave._flows.cli_login import PendingCliLogin
    from hexclave.apps import (
        AsyncHexclaveAdminApp,
        AsyncHexclaveClientApp,
        AsyncHexclaveServerApp,
        HexclaveAdminApp,
        HexclaveClientApp,
        HexclaveServerApp,
    )
    from hexclave.errors import HexclaveError, UnsafeUseError
    from hexclave.hooks import CallEvent, Hooks, RequestEvent, ResponseEvent, RetryEvent, WaitEvent
    from hexclave.oauth import OAuthAuthorization
    from hexclave.options import AppInfo
    from hexclave.ratelimit import RateLimit
    from hexclave.replies import ReplyInfo, WithReply
    from hexclave.retries import Retries
    from hexclave.timeouts import Timeout
    from hexclave.tokens import (
        AsyncCallbackTokenStore,
        AsyncRedisTokenStore,
        AsyncTokenStore,
        CallbackTokenStore,
        FileTokenStore,
        FixedTokens,
        MemoryTokenStore,
        RedisTokenStore,
        Tokens,
        TokenStore,
    )
    from hexclave_api.operation import UNSET, Operation, Unset
    from hexclave_api.secret import Secret
else:

    def __getattr__(name: str) -> object:
        # Loaded on first access to keep imports fast. Type checkers read the imports above.
        from importlib import import_module

        if name in ("errors", "models"):
            return import_module(f"hexclave.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


__all__ = [
    "UNSET",
    "AppInfo",
    "AsyncCallbackTokenStore",
    "AsyncHexclaveAdminApp",
    "AsyncHexclaveClientApp",
    "AsyncHexclaveServerApp",
    "AsyncRedisTokenStore",
    "AsyncTokenStore",
    "CallEvent",
    "CallbackTokenStore",
    "FileTokenStore",
    "FixedTokens",
    "HexclaveAdminApp",
    "HexclaveClientApp",
    "HexclaveError",
    "HexclaveServerApp",
    "Hooks",
    "MemoryTokenStore",
    "OAuthAuthorization",
    "Operation",
    "PendingCliLogin",
    "RateLimit",
    "RedisTokenStore",
    "ReplyInfo",
    "RequestEvent",
    "ResponseEvent",
    "Retries",
    "RetryEvent",
    "Secret",
    "Timeout",
    "TokenStore",
    "Tokens",
    "UnsafeUseError",
    "Unset",
    "WaitEvent",
    "WithReply",
    "__version__",
    "errors",
    "models",
]

_MODULES = {
    "hexclave_api.secret": ("Secret",),
    "hexclave.apps": (
        "AsyncHexclaveAdminApp",
        "AsyncHexclaveClientApp",
        "AsyncHexclaveServerApp",
        "HexclaveAdminApp",
        "HexclaveClientApp",
        "HexclaveServerApp",
    ),
    "hexclave.errors": ("HexclaveError", "UnsafeUseError"),
    "hexclave.hooks": ("CallEvent", "Hooks", "RequestEvent", "ResponseEvent", "RetryEvent", "WaitEvent"),
    "hexclave.oauth": ("OAuthAuthorization",),
    "hexclave.options": ("AppInfo",),
    "hexclave.ratelimit": ("RateLimit",),
    "hexclave.replies": ("ReplyInfo", "WithReply"),
    "hexclave._flows.cli_login": ("PendingCliLogin",),
    "hexclave.retries": ("Retries",),
    "hexclave.timeouts": ("Timeout",),
    "hexclave.tokens": (
        "AsyncCallbackTokenStore",
        "AsyncRedisTokenStore",
        "AsyncTokenStore",
        "CallbackTokenStore",
        "FileTokenStore",
        "FixedTokens",
        "MemoryTokenStore",
        "RedisTokenStore",
        "TokenStore",
        "Tokens",
    ),
    "hexclave_api.operation": ("UNSET", "Operation", "Unset"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

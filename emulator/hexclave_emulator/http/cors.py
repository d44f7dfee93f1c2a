"""CORS headers: which headers browsers may send to the API and read from it."""

from collections.abc import Mapping
from typing import Final

from hexclave_emulator.checking.origins import origin_of
from hexclave_emulator.messages.exchange import HttpRequest

_GENERAL: Final = (
    "content-type",
    "authorization",
    "baggage",
    "sentry-trace",
    "x-vercel-protection-bypass",
    "ngrok-skip-browser-warning",
)
_OWN: Final = (
    "project-id",
    "branch-id",
    "override-error-status",
    "random-nonce",
    "client-version",
    "disable-artificial-development-delay",
    "access-type",
    "publishable-client-key",
    "secret-server-key",
    "super-secret-admin-key",
    "admin-access-token",
    "refresh-token",
    "access-token",
    "allow-anonymous-user",
)
_NEWER: Final = ("allow-restricted-user",)
_READABLE: Final = ("actual-status", "known-error")
_NEWER_READABLE: Final = ("request-id",)


def cors_headers(release: str) -> dict[str, str]:
    """Return the headers of every API reply. Servers of April 2026 accept only the prefix `x-stack-`."""
    is_old = release == "2026-04"
    prefixes = ("x-stack-",) if is_old else ("x-stack-", "x-hexclave-")
    own = _OWN if is_old else (*_OWN, *_NEWER)
    readable = _READABLE if is_old else (*_READABLE, *_NEWER_READABLE)
    allowed = ", ".join([*_GENERAL, *(prefix + name for prefix in prefixes for name in own)])
    return {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
        "access-control-allow-headers": allowed,
        "access-control-expose-headers": ", ".join(
            ["content-type", "location", *(prefix + name for prefix in prefixes for name in readable)]
        ),
        "access-control-max-age": "86400",
        "vary": f"origin, {allowed}",
    }


def credentials_headers(request: HttpRequest) -> Mapping[str, str]:
    """Headers for starting an OAuth sign-in, which sets a cookie, also for pages of the callback's origin."""
    origin = request.headers.get("origin")
    if origin is None or "/auth/oauth/authorize/" not in request.path:
        return {}
    try:
        if origin_of(dict(request.query).get("redirect_uri", "")) != origin_of(origin):
            return {}
    except ValueError:
        return {}
    return {"access-control-allow-origin": origin, "access-control-allow-credentials": "true"}

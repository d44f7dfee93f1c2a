"""System checks, which report invalid settings before the server starts."""

from collections.abc import Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from hexclave.integrations.django._settings import installed

__all__ = ["check_settings"]

_MIDDLEWARE: Final = "hexclave.integrations.django.middleware.HexclaveMiddleware"
_CSRF: Final = "django.middleware.csrf.CsrfViewMiddleware"


def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:  # noqa: ARG001 -- as Django calls it
    """Return the problems of the settings. Makes no request."""
    found: list[checks.CheckMessage] = []
    try:
        cookies = installed().options.cookies
    except ImproperlyConfigured as error:
        found.append(checks.Error(str(error), hint="See docs/django.md, Settings.", id="hexclave.E001"))
        cookies = False
    if _MIDDLEWARE not in settings.MIDDLEWARE:
        found.append(
            checks.Error(
                "The Hexclave middleware is not installed.",
                hint=f"Add {_MIDDLEWARE} to MIDDLEWARE.",
                id="hexclave.E002",
            )
        )
    if cookies and _CSRF not in settings.MIDDLEWARE:
        found.append(
            checks.Warning(
                "HEXCLAVE: COOKIES enables sign-in by cookies without CSRF protection.",
                hint=f"Add {_CSRF} to MIDDLEWARE.",
                id="hexclave.W001",
            )
        )
    return found

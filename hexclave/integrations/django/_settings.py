"""`settings.HEXCLAVE`, and the app created from it."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import attrs
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from hexclave import HexclaveServerApp
from hexclave.errors import UnsafeUseError
from hexclave.integrations._guard import Guard, Options

_OF_THE_APP: Final = {"PROJECT_ID": "project_id", "SECRET_SERVER_KEY": "secret_server_key", "API_URL": "base_url"}
_OF_THE_GUARD: Final = {"ISSUERS": "issuers", "LEEWAY": "leeway"}
_OF_REQUESTS: Final = {field.name.upper(): field.name for field in attrs.fields(Options)}
_KNOWN: Final = (*_OF_THE_APP, "OPTIONS", *_OF_THE_GUARD, *_OF_REQUESTS)


@attrs.frozen
class Installed:
    app: HexclaveServerApp
    guard: Guard
    options: Options


@cache
def installed() -> Installed:
    """Return the app of this process.

    Raises:
        ImproperlyConfigured: a setting is invalid, or the app's keys are missing.
    """
    given = getattr(settings, "HEXCLAVE", {})
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured(f"HEXCLAVE must be a dict, not {type(given).__name__}.")
    unknown = [str(name) for name in given if name not in _KNOWN]
    if unknown:
        raise ImproperlyConfigured(
            f"HEXCLAVE has an unknown setting {', '.join(unknown)}: valid settings are {', '.join(_KNOWN)}."
        )
    options = given.get("OPTIONS", {})
    if not isinstance(options, Mapping):
        raise ImproperlyConfigured("HEXCLAVE: OPTIONS must be a dict with options of HexclaveServerApp.")
    try:
        checked = Options.of(_named(_OF_REQUESTS, given))
        app = HexclaveServerApp(**_named(_OF_THE_APP, given), **options)
        return Installed(app, Guard(app, **_named(_OF_THE_GUARD, given)), checked)
    except (UnsafeUseError, TypeError) as error:
        failure = ImproperlyConfigured(f"HEXCLAVE: {error}")
    raise failure


def api_app() -> HexclaveServerApp:
    """Return the app that the settings configure, for your own calls.

    Raises:
        ImproperlyConfigured: a setting is invalid, or the app's keys are missing.
    """
    return installed().app


def _named(names: Mapping[str, str], given: Mapping[str, Any]) -> Any:
    return {argument: given[name] for name, argument in names.items() if name in given}


def _forget(*, setting: str, **_: object) -> None:
    if setting == "HEXCLAVE" and installed.cache_info().currsize:
        installed().app.close()
        installed.cache_clear()


setting_changed.connect(_forget)

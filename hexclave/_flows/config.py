"""The project's configuration: defaults, and layers that override them."""

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, cast

from hexclave._flows.base import Flows
from hexclave.errors import UnsafeUseError
from hexclave_api.inputs import ConfigSourceInput
from hexclave_api.models import ConfigText
from hexclave_api.operation import UNSET, JsonValue, Operation, Unset
from hexclave_api.operations import config
from hexclave_api.secret import hidden, revealed

Level = Literal["project", "branch", "environment"]
_SECRETS: Final = frozenset({"clientSecret", "password", "connectionString"})
"""Settings whose text is a secret: of OAuth providers, the mail server and databases."""


class _AnyConfigFlows(Flows):
    """The configuration, one layer at a time. A server key may use the layer `branch` only."""

    def get_override(self, level: Level) -> Operation[Mapping[str, JsonValue]]:
        """Return the overrides of a layer; secrets in it are `Secret`. GET /internal/config/override/{level}."""
        return config.get_config_override(level).mapped(_read)

    def replace_override(
        self, level: Level, override: Mapping[str, JsonValue], *, source: ConfigSourceInput | Unset = UNSET
    ) -> Operation[None]:
        """Replace the overrides of a layer. PUT /internal/config/override/{level}.

        `source` names the origin of the configuration; it is required for the layer `branch`.

        Raises:
            BadRequestError: the configuration is invalid; the message explains why.
        """
        return config.replace_config_override(level, config_string=_text(override), source=source).silenced()

    def update_override(self, level: Level, changes: Mapping[str, JsonValue]) -> Operation[None]:
        """Merge `changes` into the overrides of a layer. Keys may be paths: `auth.allowSignUp`.

        PATCH /internal/config/override/{level}.

        Raises:
            BadRequestError: the configuration is invalid; the message explains why.
        """
        return config.update_config_override(level, config_override_string=_text(changes)).silenced()


class ConfigFlows(_AnyConfigFlows):
    """The configuration, one layer at a time. A server key may use the layer `branch` only."""

    resource = "config"
    access = ("server",)


class AdminConfigFlows(_AnyConfigFlows):
    """The complete configuration, its layers, and the source it is pushed from."""

    resource = "config"
    access = ("admin",)

    def get(self) -> Operation[Mapping[str, JsonValue]]:
        """Return the complete effective configuration; secrets in it are `Secret`. GET /internal/config."""
        return config.get_config().mapped(_read)


def _read(text: ConfigText) -> Mapping[str, JsonValue]:
    value: Any = json.loads(text.config_string.reveal())
    if not isinstance(value, dict):
        raise TypeError("the configuration is not an object")
    return cast(Mapping[str, JsonValue], _hidden(value))


def _hidden(value: Any, *, secret: bool = False) -> Any:
    """Return the value with a `Secret` for each secret text. Keys may be paths, such as `emails.server.password`."""
    if isinstance(value, dict):
        return {key: _hidden(item, secret=secret or _is_secret(key, item)) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item, secret=secret) for item in value]
    return hidden(value) if secret and isinstance(value, str) else value


def _is_secret(key: str, value: Any) -> bool:
    path = key.split(".")
    # Other names with the same word, such as `auth.password`, are objects.
    return (path[-1] in _SECRETS and isinstance(value, str)) or "connectionStrings" in path


def _text(override: Mapping[str, JsonValue]) -> str:
    try:
        return json.dumps(override, allow_nan=False, default=revealed)
    except (TypeError, ValueError) as error:
        raise UnsafeUseError(f"The configuration is not JSON: {error}") from None

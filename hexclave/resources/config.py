"""The project's configuration: defaults, and layers that override them."""

import json
from collections.abc import Mapping
from typing import Any, Literal, cast

from hexclave._call import Mode, Resource, call
from hexclave._lift import does, gives, mapped, performs, silent
from hexclave.errors import UnsafeUseError
from hexclave_api.inputs import ConfigSourceInput
from hexclave_api.models import ConfigText
from hexclave_api.operation import UNSET, JsonValue, Operation, Unset
from hexclave_api.operations import config

Level = Literal["project", "branch", "environment"]


class Config(Resource[Mode]):
    """One layer of the configuration at a time. A server key may use the layer `branch` alone."""

    @call
    def get_override(self, level: Level) -> Operation[Mapping[str, JsonValue]]:
        """What a layer says. GET /internal/config/override/{level}."""
        return mapped(config.get_config_override(level), _read)

    @call
    def replace_override(
        self, level: Level, override: Mapping[str, JsonValue], *, source: ConfigSourceInput | Unset = UNSET
    ) -> Operation[None]:
        """Makes `override` all that a layer says. PUT /internal/config/override/{level}.

        `source`, where the configuration comes from, is required for the layer `branch`.

        Raises:
            BadRequestError: its text says what is wrong with the configuration.
        """
        return silent(config.replace_config_override(level, config_string=_text(override), source=source))

    @call
    def update_override(self, level: Level, changes: Mapping[str, JsonValue]) -> Operation[None]:
        """Adds `changes` to what a layer says. Keys may be paths: `auth.allowSignUp`.

        PATCH /internal/config/override/{level}.

        Raises:
            BadRequestError: its text says what is wrong with the configuration.
        """
        return silent(config.update_config_override(level, config_override_string=_text(changes)))


class AdminConfig(Config[Mode]):
    """The whole configuration, its layers, and where it is pushed from."""

    get = gives(config.get_config, lambda text: _read(text))
    reset_override_keys = does(config.reset_config_override_keys)
    get_source = gives(config.get_config_source, lambda reply: reply.source)
    unlink_source = does(config.unlink_config_source)
    start_agent_run = performs(config.apply_config_with_agent)
    find_agent_run = gives(config.get_config_agent_run, lambda reply: reply.agent_run)
    cancel_agent_run = performs(config.cancel_config_agent_run)
    commit_agent_run = performs(config.commit_config_agent_run)


def _read(text: ConfigText) -> Mapping[str, JsonValue]:
    value: Any = json.loads(text.config_string.reveal())
    if not isinstance(value, dict):
        raise TypeError("the configuration is no object")
    return cast(Mapping[str, JsonValue], value)


def _text(override: Mapping[str, JsonValue]) -> str:
    try:
        return json.dumps(override, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UnsafeUseError(f"The configuration is not JSON: {error}") from None

"""The models of the API's replies, under the SDK's own name: `hexclave.models.ServerUser`. Each is loaded when touched."""

from typing import TYPE_CHECKING

import hexclave_api.models

if TYPE_CHECKING:
    from hexclave_api.models import *  # noqa: F403 - the generated package chooses the names

__all__ = hexclave_api.models.__all__  # noqa: PLE0605 - as it stands there


def __getattr__(name: str) -> object:
    return getattr(hexclave_api.models, name)

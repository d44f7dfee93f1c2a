"""Models of the API's replies, such as `hexclave.models.ServerUser`, loaded on first access; `Model` is their base."""

from typing import TYPE_CHECKING

import hexclave_api.models
from hexclave_api.model import Model as Model

if TYPE_CHECKING:
    from hexclave_api.models import *  # noqa: F403 - the generated package chooses the names
else:

    def __getattr__(name: str) -> object:
        return getattr(hexclave_api.models, name)


def __dir__() -> list[str]:
    return sorted(["Model", *dir(hexclave_api.models)])

"""One module for each domain of the API. Whatever stands here is loaded; a new domain needs no entry anywhere."""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import every domain, so that its tables and routes are registered."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")

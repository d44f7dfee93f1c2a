"""The routes: one module for each part of the API. Every module here is loaded; a new one needs no entry anywhere."""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import every module, so that its routes and the tables behind them are registered."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")

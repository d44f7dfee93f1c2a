"""The routes: one module for each part of the API. All modules are loaded automatically."""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import every module, so that its routes and the tables behind them are registered."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")

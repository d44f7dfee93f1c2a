"""What each domain takes for granted in recordings. Whatever stands here is loaded."""

from importlib import import_module
from pkgutil import iter_modules

for module in iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")

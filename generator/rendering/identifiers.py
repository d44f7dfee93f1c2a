"""Python names for API names: as close to the original as Python allows."""

import builtins
import keyword
import unicodedata
from collections.abc import Container

from openapi_python_client.strings import snake_case

_BUILTINS = frozenset(dir(builtins))
_MODEL_MEMBERS = frozenset({"additional_properties", "from_dict", "layout", "to_dict", "to_json"})
_USED_IN_OPERATIONS = frozenset({"given", "in_body", "in_query"})


def attribute(wire_name: str, taken: Container[str]) -> str:
    """Return the attribute of a model for a field. It may shadow a builtin: it is only used after a dot."""
    return _free(_identifier(wire_name), _MODEL_MEMBERS, taken)


def argument(wire_name: str, taken: Container[str], place: str) -> str:
    """Return the argument for a parameter or a body field; `place` distinguishes equal names."""
    name = _free(_identifier(wire_name), _BUILTINS | _USED_IN_OPERATIONS, ())
    return name if name not in taken else _free(f"{name}_in_{place}", (), taken)


def module(tag: str) -> str:
    """Return the module with the operations of a tag."""
    return _identifier(tag)


def file_name(class_name: str) -> str:
    """Return the module name of a class: `oauth_provider` for `OAuthProvider`."""
    return snake_case(class_name.replace("OAuth", "Oauth"))


def is_function_name(name: str) -> bool:
    """Return true if an operation can have this name unchanged."""
    # Test runners collect everything whose name begins with "test", even imported names.
    usable = _identifier(name) == name and name.islower() and not name.startswith("test")
    return usable and name not in _BUILTINS | _USED_IN_OPERATIONS


def is_identifier(wire_name: str) -> bool:
    """Return true if the name is a valid Python identifier."""
    unchanged = unicodedata.normalize("NFKC", wire_name) == wire_name
    return unchanged and wire_name.isidentifier() and not keyword.iskeyword(wire_name)


def _identifier(wire_name: str) -> str:
    # Python normalises identifiers to this form, so any other form would silently become a different name.
    name = unicodedata.normalize("NFKC", snake_case(wire_name)).strip("_")
    if not name.isidentifier():
        name = f"field_{name}" if f"field_{name}".isidentifier() else "field"
    return f"{name}_" if keyword.iskeyword(name) else name


def _free(name: str, reserved: Container[str], taken: Container[str]) -> str:
    while name in reserved or name in taken:
        name += "_"
    return name

"""Tables that notebooks show for models and pages. Imported when a notebook asks."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .model import Model

_LONGEST: Final = 200


def model_table(model: "Model") -> str:
    """A row for each field that has a value."""
    rows = [(name, getattr(model, name)) for name in _names([model])]
    if model.additional_properties:
        rows.append(("additional_properties", model.additional_properties))
    return _table(type(model).__name__, ((f"<th>{escape(name)}</th>{_cell(value)}") for name, value in rows))


def page_table(items: Sequence[Any], *, more: bool) -> str:
    """A row for each item of a page."""
    caption = f"{len(items)} items{', and more' if more else ''}"
    if not all(hasattr(item, "layout") for item in items):
        return _table(caption, map(_cell, items))
    names = _names(items)
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    return _table(caption, [head, *("".join(_cell(getattr(item, name, None)) for name in names) for item in items)])


def _names(models: "Iterable[Model]") -> list[str]:
    """The fields of which one of the models has a value."""
    found = {
        field.name: None
        for model in models
        for field in model.layout().fields
        if getattr(model, field.name) is not None
    }
    return list(found)


def _table(caption: str, rows: Iterable[str]) -> str:
    return f"<table><caption>{escape(caption)}</caption>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _cell(value: object) -> str:
    # The repr of a secret is a mask, also inside of a model or a list.
    text = "" if value is None else value if isinstance(value, str) else repr(value)
    return f"<td>{escape(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…')}</td>"

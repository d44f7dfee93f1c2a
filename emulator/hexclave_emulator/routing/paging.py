"""Lists, returned whole or in pages."""

from collections.abc import Sequence

from hexclave_emulator.messages.exchange import JsonObject, Reply, cursor_page, page
from hexclave_emulator.routing.routes import Request


def paged(request: Request, items: list[JsonObject], *, words: Sequence[str]) -> Reply:
    """Return the items that match `query`: all of them or, with `limit` or `cursor`, one page.

    Args:
        words: the fields that `query` searches; case does not matter.
    """
    query = request.query
    wanted = query.get("query", "").lower()
    if wanted:
        items = [each for each in items if any(wanted in str(each.get(name, "")).lower() for name in words)]
    if query.get("desc"):
        items = items[::-1]
    if "limit" not in query and "cursor" not in query:
        return page(items)
    if "cursor" in query:
        ids = [each["id"] for each in items]
        items = items[ids.index(query["cursor"]) :] if query["cursor"] in ids else []
    limit = query.get("limit", len(items))
    return cursor_page(items[:limit], items[limit]["id"] if limit < len(items) else None)

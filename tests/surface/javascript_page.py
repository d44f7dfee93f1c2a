"""The generator of docs/from-the-javascript-sdk.md: `python -m tests.surface.javascript_page`."""

import re
from pathlib import Path

from tests.surface.checklist import LOW_LEVEL, SECTIONS, Row
from tests.surface.members import members
from tests.surface.recording import APPS, recorded

PAGE = Path(__file__).parents[2] / "docs" / "from-the-javascript-sdk.md"

HEAD = """\
# Migrating from the JavaScript SDK

The tables list the members of the official JavaScript SDKs and their Python equivalents. `client` is
`HexclaveClientApp`, `server` is `HexclaveServerApp`, `admin` is `HexclaveAdminApp`; an admin app also has everything
that a server app has. The async apps have the same methods.

General differences:

- Objects have no methods. A user is a plain value; methods of `app.users` take the ID of the user.
- `get` raises an error if the object does not exist, `find` returns `None`.
- `None` clears a field; omitted fields are left unchanged.
- Lists load further pages automatically: `for user in app.users.list(): …`.
- On a client app, methods apply to the signed-in user; on a server app, they take the ID of a user first.
- Times are timezone-aware `datetime` objects, durations are `timedelta` objects.
"""


def page() -> str:
    parts = [HEAD]
    for title, rows in SECTIONS.items():
        parts.append(f"## {title}\n\n| JavaScript | Python | |\n|---|---|---|\n" + "".join(map(_line, rows)))
    parts.append(
        "## Methods without a JavaScript equivalent\n\n| resource | methods |\n|---|---|\n"
        + "".join(f"| `{name}` | {'<br>'.join(methods)} |\n" for name, methods in _unlisted().items())
    )
    parts.append(
        "## Operations without a method\n\nNo resource has a method for these operations; use `app.call(…)`.\n\n"
        "| operation | purpose |\n|---|---|\n" + "".join(f"| `{name}` | {why} |\n" for name, why in LOW_LEVEL.items())
    )
    return "\n".join(parts)


def offered() -> set[str]:
    """Return every method of every app, as `client.teams.list`."""
    return {f"{access}.{path}" for access in APPS for path, _ in members(recorded(access).app)}


def _unlisted() -> dict[str, list[str]]:
    named = {_bare(name) for rows in SECTIONS.values() for row in rows for name in row.ours.split()}
    unlisted: dict[str, list[str]] = {}
    for path in sorted({name.partition(".")[2] for name in offered()}):
        if _bare(f"app.{path}") not in named:
            resource, _, method = path.rpartition(".")
            unlisted.setdefault(resource, []).append(f"`{method}`")
    return unlisted


def _bare(name: str) -> str:
    return re.sub(r"for_\w+", "for", name.partition(".")[2])


def _line(row: Row) -> str:
    ours = "<br>".join(f"`{name}`" for name in row.ours.split() if name != "local")
    javascript = row.javascript.replace("|", "\\|")
    return f"| {javascript} | {ours} | {row.note} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

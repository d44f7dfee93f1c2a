"""Writes docs/from-the-javascript-sdk.md from the table: `python -m tests.surface.javascript_page`."""

from pathlib import Path

from tests.surface.checklist import LOW_LEVEL, SECTIONS, Row

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
        "## Operations without a method\n\nNo resource has a method for these operations; use `app.call(…)`.\n\n"
        "| operation | purpose |\n|---|---|\n" + "".join(f"| `{name}` | {why} |\n" for name, why in LOW_LEVEL.items())
    )
    return "\n".join(parts)


def _line(row: Row) -> str:
    ours = "<br>".join(f"`{name}`" for name in row.ours.split() if name != "local")
    javascript = row.javascript.replace("|", "\\|")
    return f"| {javascript} | {ours} | {row.note} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

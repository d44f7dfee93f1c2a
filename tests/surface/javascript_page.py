"""Writes docs/from-the-javascript-sdk.md from the table: `python -m tests.surface.javascript_page`."""

from pathlib import Path

from tests.surface.checklist import LOW_LEVEL, SECTIONS, Row

PAGE = Path(__file__).parents[2] / "docs" / "from-the-javascript-sdk.md"

HEAD = """\
# From the JavaScript SDK

What stands here for each member of the official JavaScript SDKs. `client` is `HexclaveClientApp`, `server` is
`HexclaveServerApp`, `admin` is `HexclaveAdminApp`; an admin app also has what a server app has. The async apps have the
same.

What is different everywhere:

- Objects hold no methods. A user is a value; what can be done with it is a method of `app.users` that takes its id.
- `get` raises the error that says what is missing, `find` returns `None`.
- `None` clears a field; what is left out stays.
- Lists are pages that go on by themselves: `for user in app.users.list(): …`.
- On a client app everything is about the signed-in user; on a server app the user's id comes first.
- Moments are `datetime` with a timezone, spans are `timedelta`.
"""


def page() -> str:
    parts = [HEAD]
    for title, rows in SECTIONS.items():
        parts.append(f"## {title}\n\n| JavaScript | Python | |\n|---|---|---|\n" + "".join(map(_line, rows)))
    parts.append(
        "## Operations without a method\n\nThe API has them, and `app.call(…)` performs them; no resource does.\n\n"
        "| operation | why |\n|---|---|\n" + "".join(f"| `{name}` | {why} |\n" for name, why in LOW_LEVEL.items())
    )
    return "\n".join(parts)


def _line(row: Row) -> str:
    ours = "<br>".join(f"`{name}`" for name in row.ours.split() if name != "local")
    javascript = row.javascript.replace("|", "\\|")
    return f"| {javascript} | {ours} | {row.note} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

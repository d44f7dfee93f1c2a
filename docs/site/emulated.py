"""`python -m docs.site.emulated`: write into docs/emulator.md what the emulator does for each operation.

Read from the emulator itself: which tables the code of an operation uses, what it checks beyond the description, and
whether it sends emails or reports events.
"""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any, Final

from hexclave_emulator import operations
from hexclave_emulator.checking.rules import Rule
from hexclave_emulator.mail.messages import send_mail
from hexclave_emulator.routing.routes import Route, Router
from hexclave_emulator.state.tables import TableDefinition
from hexclave_emulator.webhooks.events import emit

PAGE: Final = Path(__file__).parents[1] / "emulator.md"
BEGIN, END = "<!-- operations: begin -->\n", "<!-- operations: end -->\n"
STANDS_IN: Final = {
    "/deployments": "nothing is built or run; `POST /_emulator/api/deployments` makes deployments",
    "/internal/workflows": "sources are read for triggers and steps, not run; schedules begin nothing",
    "/internal/config/github": "no repository is touched",
    "/internal/emails/managed-onboarding": "no name server is asked; each check is one step",
    "/session-replays/{session_replay_id}/renders": "ready after five seconds; the video is empty",
    "/internal/rewrite-template-source": "a stub that echoes",
    "/internal/plan-usage": "the limits of one plan",
    "/payments/purchases": "paid at once, without Stripe",
    "/internal/payments/stripe": "without Stripe",
    "/internal/payments/setup": "without Stripe",
    "/payments/payment-method": "without Stripe",
    "/analytics/query": "SQLite in place of ClickHouse",
    "/internal/analytics/query": "SQLite in place of ClickHouse",
    "/auth/external": "refuses every token: nobody here can sign one",
    "/auth/oauth/callback/apple": "refuses every token: nobody here can sign one",
    "/internal/external-db-sync": "nothing is synced",
}
"""Where something stands in for what the API does, by the beginning of the path."""


def matrix() -> str:
    """The count and the table."""
    operations.load()
    routes = sorted((each for each in Router().routes if each.operation is not None), key=_key)
    performed = [each for each in routes if each.handler is not None]
    stand_ins = [each for each in performed if _limit(each)]
    share = f"{100 * len(performed) / len(routes):.1f}"
    head = (
        f"{len(performed)} of {len(routes)} operations ({share} %) are performed with state and rules; in "
        f"{len(stand_ins)} of them something stands in for what lies beyond the API.\n\n"
        "Every operation checks keys, access type, path, query and body against the description. “Rules” counts the\n"
        "checks beyond it, “state” names the tables that it may read or write.\n\n"
        "| operation | rules | state | effects | how far |\n|---|---|---|---|---|\n"
    )
    return head + "".join(_row(each) for each in routes)


def _key(entry: Route) -> tuple[str, str]:
    return entry.template, entry.method


def _row(entry: Route) -> str:
    found = list(_reached(entry.handler)) if entry.handler is not None else []
    # Tests declare tables of their own.
    tables = sorted(
        {
            each.name
            for each in found
            if isinstance(each, TableDefinition) and each.row.__module__.startswith("hexclave_emulator")
        }
    )
    effects = [name for name, function in (("email", send_mail), ("event", emit)) if function in found]
    far = _limit(entry) or ("whole" if entry.handler is not None else "answers 501")
    checks = sum(max(1, len(rule.checks)) for rule in entry.rules.values() if rule != Rule())
    return (
        f"| `{entry.method} {entry.template}` | {checks or ''} | {', '.join(tables)} | {', '.join(effects)} | {far} |\n"
    )


def _limit(entry: Route) -> str:
    return next((text for start, text in STANDS_IN.items() if entry.template.startswith(start)), "")


def _reached(function: Callable[..., Any]) -> Iterator[Any]:
    """The functions of the emulator and the tables that a call of the function may use."""
    todo: list[Any] = [function]
    seen: set[int] = set()
    while todo:
        current = todo.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, dict | tuple | list):
            todo += current.values() if isinstance(current, dict) else current
            continue
        yield current
        if inspect.isfunction(current) and current.__module__.startswith("hexclave_emulator"):
            names = set(_names(current.__code__))
            todo += [value for name, value in current.__globals__.items() if name in names]
            todo += [cell.cell_contents for cell in current.__closure__ or ()]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def written(page: str) -> str:
    """The page with the matrix of now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{matrix()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")

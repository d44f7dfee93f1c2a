"""`python -m docs.site.emulated`: write the table of supported operations into docs/emulator.md.

The table is derived from the emulator's code: the tables that an operation uses, its checks beyond the API description,
and the emails and events that it causes.
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
    "/deployments": "nothing is built or run; `POST /_emulator/api/deployments` creates deployments",
    "/internal/workflows": "sources are parsed for triggers and steps, not executed; schedules do not run",
    "/internal/config/github": "no repository is accessed",
    "/internal/emails/managed-onboarding": "no DNS lookups; each check advances one step",
    "/session-replays/{session_replay_id}/renders": "ready after five seconds, with an empty video",
    "/internal/rewrite-template-source": "returns the source unchanged",
    "/internal/plan-usage": "the limits of a single plan",
    "/payments/purchases": "paid immediately, without Stripe",
    "/internal/payments/stripe": "without Stripe",
    "/internal/payments/setup": "without Stripe",
    "/payments/payment-method": "without Stripe",
    "/analytics/query": "SQLite instead of ClickHouse",
    "/internal/analytics/query": "SQLite instead of ClickHouse",
    "/auth/external": "rejects every token, because none can be issued locally",
    "/auth/oauth/callback/apple": "rejects every token, because none can be issued locally",
    "/internal/external-db-sync": "nothing is synced",
}
"""Operations that simulate an external service, by path prefix."""


def matrix() -> str:
    """Return the summary and the table."""
    operations.load()
    routes = sorted((each for each in Router().routes if each.operation is not None), key=_key)
    performed = [each for each in routes if each.handler is not None]
    stand_ins = [each for each in performed if _limit(each)]
    full = len(performed) - len(stand_ins)
    head = (
        f"{full} of {len(routes)} operations ({_share(full, routes)}) are implemented in full: with their state, rules "
        f"and effects.\n{len(stand_ins)} ({_share(len(stand_ins), routes)}) simulate an external service or simplify "
        f"what the API does, as their last column says.\n{len(routes) - len(performed)} answer 501.\n\n"
        "Every operation checks keys, access type, path, query and body against the API description. “Rules” is the\n"
        "number of additional checks, “state” lists the tables that the operation may read or write.\n\n"
        "| operation | rules | state | effects | support |\n|---|---|---|---|---|\n"
    )
    return head + "".join(_row(each) for each in routes)


def _share(number: int, routes: list[Route]) -> str:
    return f"{100 * number / len(routes):.1f} %"


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
    support = _limit(entry) or ("full" if entry.handler is not None else "answers 501")
    checks = sum(max(1, len(rule.checks)) for rule in entry.rules.values() if rule != Rule())
    cells = f"`{entry.method} {entry.template}`", checks or "", ", ".join(tables), ", ".join(effects), support
    return f"| {' | '.join(map(str, cells))} |\n"


def _limit(entry: Route) -> str:
    return next((text for start, text in STANDS_IN.items() if entry.template.startswith(start)), "")


def _reached(function: Callable[..., Any]) -> Iterator[Any]:
    """Yield the emulator functions and tables that a call of the function may use."""
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
    """Return the page with the current table."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{matrix()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")

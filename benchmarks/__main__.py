"""Run all benchmarks: print a table, and write `docs/performance.json` and the plot `docs/performance.svg`.

make bench
"""

import json
import sys
from pathlib import Path

from benchmarks import calls, cold, generate, pages, verify
from benchmarks.rows import Row
from benchmarks.server import serving

DOCS = Path(__file__).parent.parent / "docs"


def table(rows: list[Row]) -> str:
    lines = ["| what | against | target | median | lowest to highest |", "|---|---|---|---|---|"]
    for row in rows:
        between = f"{row.lowest:.2f} to {row.highest:.2f}"
        lines.append(f"| {row.what} | {row.against} | {_goal(row)} | {row.measured:.2f} {row.unit} | {between} |")
    return "\n".join(lines)


def _goal(row: Row) -> str:
    return "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:.3g} {row.unit}"


def plot(rows: list[Row]) -> str:
    """Return an SVG with one bar per target: bars that end left of the line meet their target."""
    aimed = [(row, row.target) for row in rows if row.target is not None]
    height, left, full = 26, 380, 300
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + full + 160}" height="{height * len(aimed) + 40}" '
            'font-family="sans-serif" font-size="12">'
        ),
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, (row, target) in enumerate(aimed):
        used = target / row.measured if row.at_least else row.measured / target
        top, width = 10 + number * height, min(used, 1.5) * full / 1.5
        colour = "#2a7" if row.met else "#c63"
        what = row.what.replace("`", "").replace("&", "&amp;").replace("<", "&lt;")
        parts += [
            f'<text x="{left - 8}" y="{top + 14}" text-anchor="end">{what}</text>',
            f'<rect x="{left}" y="{top}" width="{width:.0f}" height="{height - 8}" fill="{colour}"/>',
            f'<text x="{left + width + 6:.0f}" y="{top + 14}">{row.measured:.2f} {row.unit} ({_goal(row)})</text>',
        ]
    line = left + full / 1.5
    parts += [
        (
            f'<line x1="{line:.0f}" y1="4" x2="{line:.0f}" y2="{height * len(aimed) + 12}" stroke="#333" '
            'stroke-dasharray="4"/>'
        ),
        f'<text x="{line:.0f}" y="{height * len(aimed) + 30}" text-anchor="middle">target</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main() -> None:
    rows: list[Row] = []
    with serving() as url:
        for part in (calls, cold, pages, verify, generate):
            for row in part.rows(url):
                rows.append(row)
                print(f"{row.what}: {row.measured:.2f} {row.unit} ({_goal(row)})", file=sys.stderr, flush=True)
    figures = [row._asdict() | {"met": row.met} for row in rows]
    (DOCS / "performance.json").write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    (DOCS / "performance.svg").write_text(plot(rows))
    print(table(rows))


if __name__ == "__main__":
    main()

"""The drawing in docs/observing.md is of a trace as it is recorded now."""

import re
from html import unescape

from docs.trace import DRAWING, drawn, recorded

NAME = re.compile(r'<text class="words" x="(\d+)"[^>]*>([^<]*)</text>')
BAR = re.compile(r'<rect class="(\w+)" x=')


def test_the_trace_is_drawn_as_it_is_recorded():
    now, before = drawn(recorded()), DRAWING.read_text(encoding="utf-8")
    assert NAME.findall(before) == NAME.findall(now)
    assert BAR.findall(before) == BAR.findall(now)
    names = [unescape(name) for _, name in NAME.findall(now)]
    assert names.count("GET /api/v1/users/{user_id}") == 2
    assert names[0] == "GET /profile"
    assert "wait" in BAR.findall(now)
    assert "failed" in BAR.findall(now)

"""Values on the command line, and what is made of them."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import click
import pytest

from hexclave.cli._agent_tools import ToolError, _as_json, _value
from hexclave.cli._dry_run import described, request_lines
from hexclave.cli._output import plain, print_result
from hexclave.cli._state import State
from hexclave.cli._values import UnsupportedType, shape_of
from hexclave.transport import Request
from hexclave_api.inputs import InlineProduct
from hexclave_api.operation import JsonValue, Unset
from hexclave_api.secret import Secret, SecretText


def converted(annotation: Any, text: str) -> Any:
    option = click.Option(["--given"], type=shape_of(annotation).type)
    return click.Command("test", params=[option]).make_context("test", ["--given", text]).params["given"]


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (str | Unset, "Ada", "Ada"),
        (int | Unset | None, "7", 7),
        (float, "0.5", 0.5),
        (Literal["a", "b"] | Unset, "b", "b"),
        (timedelta | Unset, "90s", timedelta(seconds=90)),
        (timedelta, "1.5h", timedelta(minutes=90)),
        (timedelta, "2w", timedelta(weeks=2)),
        (datetime, "2026-11-24T10:00:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (datetime, "2026-11-24T12:00:00+02:00", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (JsonValue | Unset, '{"a": [1, null]}', {"a": [1, None]}),
        (Mapping[str, JsonValue], "{}", {}),
        (str | bool | Unset, "true", True),
        (str | bool | Unset, "yes", "yes"),
        (str | InlineProduct, "pro", "pro"),
        (str | InlineProduct, '{"display_name": "Pro"}', {"display_name": "Pro"}),
    ],
)
def test_values(annotation: Any, text: str, value: object) -> None:
    assert converted(annotation, text) == value


@pytest.mark.parametrize(
    ("annotation", "text", "complaint"),
    [
        (int, "seven", "not a valid integer"),
        (Literal["a", "b"], "c", "is not one of"),
        (timedelta, "90", "such as 90s, 10m, 2h or 7d"),
        (timedelta, "99999999999w", "is not a duration"),
        (datetime, "2026-11-24T10:00:00", "such as 2026-11-24T10:00:00Z"),
        (datetime, "soon", "is not a time"),
        (datetime, "+99999999999w", "is not a time"),
        (JsonValue, "Ada", "text needs quotes"),
        (JsonValue, "[" * 100_000, "is not JSON"),
        (SecretText, "hunter2", "is a secret"),
    ],
)
def test_wrong_values(annotation: Any, text: str, complaint: str) -> None:
    with pytest.raises(click.BadParameter, match=complaint) as refused:
        converted(annotation, text)
    assert "hunter2" not in str(refused.value)


def test_relative_times() -> None:
    for text, distance in (("-7d", -timedelta(days=7)), ("+2h", timedelta(hours=2))):
        assert abs(converted(datetime, text) - datetime.now(UTC) - distance) < timedelta(minutes=1)


def test_what_no_command_line_can_give() -> None:
    for annotation in (object, Sequence[int] | bytes, "AccessTokenClaims"):
        with pytest.raises(UnsupportedType):
            shape_of(annotation)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, True),
        (int, "7"),
        (float, "0.5"),
        (bool, 1),
        (str, 7),
        (str | Unset, None),
        (Literal["a", "b"], "c"),
        (Sequence[str], ["a", 1]),
        (Sequence[str], "a"),
        (datetime, "soon"),
    ],
)
def test_wrong_values_of_agents(annotation: Any, value: object) -> None:
    with pytest.raises(ToolError, match="given must be"):
        _value("given", shape_of(annotation), value)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [(int | None, None), (float, 1), (Sequence[str], ["a"]), (JsonValue, {"a": 1}), (SecretText, "text")],
)
def test_values_of_agents(annotation: Any, value: object) -> None:
    assert _value("given", shape_of(annotation), value) == value
    assert _value("given", shape_of(datetime), "2026-11-24T10:00:00Z") == datetime(2026, 11, 24, 10, tzinfo=UTC)


def test_plain_values() -> None:
    with click.Context(click.Command("test"), obj=State()):
        assert plain(
            {"a": (Secret("not-to-be-shown"), timedelta(seconds=2), b"\xff", datetime(2026, 1, 1, tzinfo=UTC))}
        ) == {"a": ["****n", 2.0, "\ufffd", "2026-01-01T00:00:00+00:00"]}


@pytest.mark.parametrize(
    ("content", "kind", "body"),
    [
        (b"grant_type=x&refresh_token=not-to-be-shown", "application/x-www-form-urlencoded", {"grant_type": "x"}),
        (b"plain text", "text/plain", "plain text"),
        (b'{"list": [{"clientSecret": "not-to-be-shown"}], "n": 1}', "application/json", {"n": 1}),
    ],
)
def test_bodies_of_dry_runs(content: bytes, kind: str, body: object) -> None:
    """Fields whose names say that they are secrets are masked, in every kind of body; so is what is in the address."""
    request = Request("POST", "https://api.example.com/a?b=given-secret", {"content-type": kind}, content)
    found = described(request, [Secret("given-secret")])
    text = json.dumps(found) + "\n".join(request_lines(found))
    assert "not-to-be-shown" not in text
    assert "given-secret" not in text
    assert found["body"] == body or body.items() <= found["body"].items()


@pytest.mark.parametrize(
    ("result", "piped", "on_a_terminal"),
    [
        ("text\x1b", '"text\\u001b"\n', "text\\u001b\n"),
        (b"file", '"file"\n', "file\n"),
        (True, "true\n", "true\n"),
        (["a", "b"], '"a"\n"b"\n', "value\na\nb\n"),
        ([], "", ""),
        ({"at_millis": None, "made_at_millis": 10**20}, None, " made_at_millis   100000000000000000000 \n"),
        (None, "", ""),
    ],
)
def test_results(
    result: object,
    piped: str | None,
    on_a_terminal: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """JSON for programs, text and tables for people."""
    monkeypatch.setenv("TERM", "dumb")
    with click.Context(click.Command("test"), obj=State()):
        print_result(result)
        assert piped in (None, capsys.readouterr().out)
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        print_result(result)
        assert capsys.readouterr().out.strip() == on_a_terminal.strip()


def test_results_of_agents() -> None:
    assert _as_json([b"a", {"b": 1}, ("c",)]) == ["a", {"b": 1}, ["c"]]

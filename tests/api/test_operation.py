"""Operations as values: paths that cannot escape, queries in the API's format, `UNSET` that stays itself."""

import copy
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import attrs
import pytest
from hypothesis import given as given_
from hypothesis import strategies as st

from hexclave_api.errors import UnsafeUseError
from hexclave_api.models import ServerUser
from hexclave_api.operation import UNSET, Operation, Unset, encode_query, given
from hexclave_api.operations.users import get_user, list_users
from hexclave_api.value import evolve
from tests.engine.test_call_cost import calls_of


def operation(*path: Any, query: Any = None, **more: Any) -> Operation[Any]:
    template = "/" + "/".join(f"{{p{number}}}" for number in range(len(path)))
    return Operation(
        "act", more.pop("method", "GET"), template, path, ("server",), lambda data: data, query or {}, **more
    )


class TestUnset:
    @pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
    def test_it_stays_itself(self, again: Any) -> None:
        assert again(UNSET) is UNSET
        assert again({"a": [UNSET]})["a"][0] is UNSET

    def test_it_is_false_and_readable(self) -> None:
        assert not UNSET
        assert (repr(UNSET), str(UNSET), f"{UNSET}") == ("UNSET", "UNSET", "UNSET")
        assert isinstance(UNSET, Unset)

    def test_given_leaves_out_only_what_is_unset(self) -> None:
        assert given(a=None, b=UNSET, c=0, d="", e=False) == {"a": None, "c": 0, "d": "", "e": False}


class TestPath:
    @given_(st.lists(st.text(min_size=1).filter(lambda text: text not in (".", "..")), max_size=4))
    def test_any_segment_comes_out_whole(self, segments: list[str]) -> None:
        segments = [segment.encode("utf-8", "replace").decode() for segment in segments]
        url = operation(*segments).url
        parts = urlsplit(f"http://host{url}")
        assert (parts.query, parts.fragment) == ("", "")
        assert [unquote(piece) for piece in parts.path.split("/")[1:] if segments] == segments
        assert url.isascii()

    @given_(st.lists(st.text("aZ9-._~$@:/?&=%+ é", min_size=2).filter(lambda text: text != ".."), max_size=3))
    def test_only_what_must_be_quoted_is(self, segments: list[str]) -> None:
        assert operation(*segments).url == "/" + "/".join(quote(segment, safe="$@:") for segment in segments)

    def test_half_a_character_is_refused(self) -> None:
        with pytest.raises(UnsafeUseError, match="half of a surrogate pair"):
            _ = operation("a", "\ud800").url

    @pytest.mark.parametrize("segment", ["", ".", ".."])
    @pytest.mark.parametrize("position", [0, 1])
    def test_segments_that_climb_are_refused(self, segment: str, position: int) -> None:
        path = ["a", "b"]
        path[position] = segment
        with pytest.raises(
            ValueError, match=f"act: p{position} must not be '{segment}'; it would reach another resource"
        ):
            operation(*path)

    @pytest.mark.parametrize("segment", [None, 5, b"x", ["x"], UNSET])
    def test_segments_that_are_no_text_are_refused_without_showing_them(self, segment: object) -> None:
        with pytest.raises(UnsafeUseError, match=f"act: p1 must be a str, not {type(segment).__name__}"):
            operation("a", segment)

    def test_text_of_another_class_is_judged_as_text(self) -> None:
        class Which(StrEnum):
            UP = ".."
            ME = "me"

        assert operation(Which.ME).url == "/me"
        with pytest.raises(UnsafeUseError, match=r"must not be '\.\.'"):
            operation(Which.UP)

    def test_dots_inside_a_segment_are_harmless(self) -> None:
        assert operation("..a", "a..", "...").url == "/..a/a../..."


class TestQuery:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (True, "true"),
            (False, "false"),
            (5, "5"),
            (0.5, "0.5"),
            ("true", "true"),
            ("", ""),
            ("a b&c=d", "a%20b%26c%3Dd"),
            (["a", "b"], "a%2Cb"),
            ([True, 1], "true%2C1"),
            ([], ""),
            (date(2026, 1, 2), "2026-01-02"),
            (datetime(2026, 1, 2, 3, 4, 5, 6000, tzinfo=UTC), "2026-01-02T03%3A04%3A05.006000Z"),
            (datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=1))), "2026-01-02T02%3A00%3A00Z"),
        ],
    )
    def test_values(self, value: Any, text: str) -> None:
        assert encode_query({"q": value}) == f"q={text}"

    def test_none_is_left_out(self) -> None:
        assert operation("a", query={"x": None}).url == "/a"
        assert operation("a", query={"x": None, "y": 1}).url == "/a?y=1"

    def test_a_moment_without_a_timezone_is_refused(self) -> None:
        with pytest.raises(UnsafeUseError, match="since needs a timezone"):
            encode_query({"since": datetime(2026, 1, 2, tzinfo=UTC).replace(tzinfo=None)})

    def test_an_item_with_a_comma_is_refused_without_showing_it(self) -> None:
        with pytest.raises(UnsafeUseError, match="ids: an item must not contain a comma") as caught:
            encode_query({"ids": ["secret,value"]})
        assert "secret" not in str(caught.value)

    @given_(st.dictionaries(st.text(), st.text()))
    def test_any_text_comes_out_whole(self, query: dict[str, str]) -> None:
        query = {
            name.encode("utf-8", "replace").decode(): value.encode("utf-8", "replace").decode()
            for name, value in query.items()
        }
        assert dict(parse_qsl(encode_query(query), keep_blank_values=True)) == query

    @given_(st.dictionaries(text := st.text("aZ9-._~=&$@:/?%+ é"), text))
    def test_only_what_must_be_quoted_is(self, query: dict[str, str]) -> None:
        assert encode_query(query) == urlencode(query, quote_via=quote, safe="")


class TestCost:
    """Cost in function calls, which does not depend on the machine."""

    def test_an_operation_and_its_url_take_few_calls(self) -> None:
        one, some = calls_of(lambda: get_user("u-1").url), calls_of(lambda: list_users(limit=5).url)
        assert one.total() <= 13, one
        assert some.total() <= 27, some

    def test_a_user_of_a_page_takes_as_many_calls_as_it_is_objects(self) -> None:
        scores = {"sign_up": {"bot": 0, "free_trial_abuse": 0}}
        user = dict.fromkeys(ServerUser.layout().names) | {"id": "u", "risk_scores": scores, "oauth_providers": []}
        parse = list_users(limit=100).parse
        few, more = ({"items": [user] * count, "is_paginated": True, "pagination": None} for count in (100, 200))
        # Three objects at three calls each, the list of accounts, and the place in the list of users.
        assert (calls_of(lambda: parse(more)).total() - calls_of(lambda: parse(few)).total()) / 100 <= 11


class TestOperation:
    @pytest.mark.parametrize(
        ("method", "idempotent"),
        [("GET", True), ("HEAD", True), ("PUT", True), ("DELETE", True), ("POST", False), ("PATCH", False)],
    )
    def test_repeating_is_safe_by_method_unless_said_otherwise(self, method: str, idempotent: bool) -> None:
        assert operation(method=method).idempotent is idempotent
        assert operation(method=method, idempotent=not idempotent).idempotent is not idempotent

    def test_it_is_frozen(self) -> None:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            operation().name = "other"  # type: ignore[misc]

    @pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
    def test_it_is_compared_by_value_and_survives_copies_and_pickles(self, again: Any) -> None:
        made = list_users(limit=5, cursor="c")
        assert again(made) == made == evolve(made)
        assert made != list_users(limit=6, cursor="c")

    def test_its_repr_shows_neither_path_nor_query_nor_body(self) -> None:
        shown = repr(operation("secret-id", query={"token": "secret-token"}, body={"password": "secret-password"}))
        assert shown == "<Operation act: GET /{p0}>"

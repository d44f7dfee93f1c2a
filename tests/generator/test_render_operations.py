"""Arguments of rendered functions and the requests built from them."""

import inspect
from pathlib import Path
from typing import Any

import pytest

from tests.generator.describing import (
    INTEGER,
    STRING,
    Json,
    api,
    body,
    choice,
    nullable,
    one,
    operation,
    parameter,
    record,
    ref,
    reply,
)
from tests.generator.rendering import Package, rendered


def posting(schema: Json, **schemas: Json) -> Json:
    return api({"/things": {"post": operation("create_thing", **body(schema))}}, **schemas)


def parameters(package: Package, name: str) -> dict[str, tuple[str, Any]]:
    """Return name, kind and annotation of a function's arguments."""
    found = inspect.signature(package.function(name)).parameters
    return {each.name: (each.kind.name, each.annotation) for each in found.values()}


class TestPath:
    @pytest.fixture(scope="class")
    @classmethod
    def client(cls, tmp_path_factory: pytest.TempPathFactory) -> Package:
        item = {
            "patch": operation(
                "update_part",
                parameters=[
                    parameter(name="part", where="path", required=True),
                    parameter(INTEGER, name="number", where="path", required=True),
                ],
            )
        }
        return rendered(tmp_path_factory.mktemp("path"), api({"/things/{part}/at/{number}": item}))

    def test_segments_are_positional_and_kept_apart(self, client: Package) -> None:
        call = client.function("update_part")("a/b?c#d", 3)
        assert call.path == ("things", "a/b?c#d", "at", "3")
        assert call.url == "/things/a%2Fb%3Fc%23d/at/3"
        assert call.template == "/things/{part}/at/{number}"

    @pytest.mark.parametrize("segment", ["", ".", ".."])
    def test_a_segment_that_would_climb_is_refused_by_the_name_of_its_argument(
        self, client: Package, segment: str
    ) -> None:
        with pytest.raises(ValueError, match="update_part: part must not be"):
            client.function("update_part")(segment, 3)

    def test_a_segment_that_is_no_text_is_refused(self, client: Package) -> None:
        with pytest.raises(ValueError, match="update_part: part must be a str, not NoneType"):
            client.function("update_part")(None, 3)

    def test_the_root_has_no_segments(self, tmp_path: Path) -> None:
        client = rendered(tmp_path, api({"/": {"get": operation("get_root")}}))
        assert client.function("get_root")().url == "/"


class TestQuery:
    @pytest.fixture(scope="class")
    @classmethod
    def client(cls, tmp_path_factory: pytest.TempPathFactory) -> Package:
        many = [
            parameter(INTEGER, name="limit"),
            parameter({"type": "boolean"}, name="desc"),
            parameter(choice("b", "a"), name="order-by", required=True),
            parameter({"type": "array", "items": STRING}, name="ids", style="form", explode=False),
            parameter({"type": "string", "format": "date-time"}, name="since"),
            parameter({"type": "string", "enum": ["v1"]}, name="version", required=True),
        ]
        return rendered(tmp_path_factory.mktemp("query"), one(parameters=many))

    def test_values_are_encoded_as_the_api_reads_them(self, client: Package) -> None:
        call = client.function("get_thing")(order_by="a", limit=5, desc=False, ids=["x y", "z"])
        assert call.url == "/things?limit=5&desc=false&ids=x%20y%2Cz&version=v1&order-by=a"

    def test_moments_are_sent_in_utc(self, client: Package) -> None:
        from datetime import datetime, timedelta, timezone

        since = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))
        assert "since=2026-01-02T01%3A00%3A00Z" in client.function("get_thing")(order_by="a", since=since).url

    def test_only_what_is_given_is_sent(self, client: Package) -> None:
        assert client.function("get_thing")(order_by="b").query == {"order-by": "b", "version": "v1"}

    def test_required_parameters_have_no_default(self, client: Package) -> None:
        with pytest.raises(TypeError, match="order_by"):
            client.function("get_thing")()

    def test_a_fixed_value_is_no_argument(self, client: Package) -> None:
        assert "version" not in parameters(client, "get_thing")


class TestBody:
    def test_fields_are_keyword_arguments_and_none_is_not_left_out(self, tmp_path: Path) -> None:
        client = rendered(tmp_path, posting(record(("name",), name=STRING, nick=nullable(STRING), more={})))
        create = client.function("create_thing")
        assert create(name="n").body == {"name": "n"}
        assert create(name="n", nick=None, more=[1]).body == {"name": "n", "nick": None, "more": [1]}
        assert [kind for kind, _ in parameters(client, "create_thing").values()] == ["KEYWORD_ONLY"] * 3

    def test_a_body_of_optional_fields_is_sent_even_when_empty(self, tmp_path: Path) -> None:
        client = rendered(tmp_path, posting(record(name=STRING)))
        assert client.function("create_thing")().body == {}

    def test_no_body_is_unset(self, tmp_path: Path) -> None:
        client = rendered(tmp_path, one())
        assert client.function("get_thing")().body is client.module().UNSET

    @pytest.mark.parametrize("schema", [{"type": "array", "items": STRING}, {"type": "object"}, {}, STRING])
    def test_a_body_without_fields_is_one_argument(self, tmp_path: Path, schema: Json) -> None:
        client = rendered(tmp_path, posting(schema))
        assert client.function("create_thing")(body=["a"]).body == ["a"]

    def test_a_required_constant_is_filled_in(self, tmp_path: Path) -> None:
        fields = record(("type", "flag"), type=choice("totp"), flag={"const": True}, code=STRING)
        client = rendered(tmp_path, posting(fields))
        assert client.function("create_thing")(code="1").body == {"type": "totp", "flag": True, "code": "1"}

    def test_of_several_shapes_all_fields_are_arguments_and_required_is_what_all_require(self, tmp_path: Path) -> None:
        code = record(("grant", "code"), grant=choice("code"), code=STRING)
        refresh = record(("grant", "token"), grant=choice("refresh"), token=STRING)
        client = rendered(tmp_path, posting({"oneOf": [ref("Code"), ref("Refresh")]}, Code=code, Refresh=refresh))
        create = client.function("create_thing")
        assert create(grant="refresh", token="t").body == {"grant": "refresh", "token": "t"}
        annotations = {name: annotation for name, (_, annotation) in parameters(client, "create_thing").items()}
        assert str(annotations["grant"]) == "typing.Literal['code', 'refresh']" or "Literal['code']" in str(
            annotations["grant"]
        )
        with pytest.raises(TypeError, match="grant"):
            create(token="t")

    def test_forms_are_marked(self, tmp_path: Path) -> None:
        form = operation("create_thing", **body(record(a=STRING), media="application/x-www-form-urlencoded"))
        client = rendered(tmp_path, api({"/things": {"post": form}}))
        assert client.function("create_thing")(a="b").media_type == "application/x-www-form-urlencoded"

    def test_nested_objects_are_typed_dicts_with_the_names_of_the_api(self, tmp_path: Path) -> None:
        part = {**record(("camelCase",), camelCase=STRING, other=INTEGER), "description": "A part."}
        client = rendered(tmp_path, posting(record(parts={"type": "array", "items": ref("Part")}), Part=part))
        given = client.module("inputs").Part
        assert given.__required_keys__ == {"camelCase"}
        assert given.__optional_keys__ == {"other"}
        assert client.function("create_thing")(parts=[{"camelCase": "x"}]).body == {"parts": [{"camelCase": "x"}]}
        assert not hasattr(client.module("models"), "Part")

    def test_an_object_read_and_sent_is_a_model_and_an_input(self, tmp_path: Path) -> None:
        paths = {
            "/things": {
                "post": operation("create_thing", responses=reply(ref("Part")), **body(record(part=ref("Part"))))
            }
        }
        client = rendered(tmp_path, api(paths, Part=record(a=STRING)))
        assert client.module("inputs").PartInput.__optional_keys__ == {"a"}
        assert client.model("Part").from_dict({"a": "b"}).a == "b"

    def test_inputs_may_hold_themselves_and_keys_that_are_no_identifiers(self, tmp_path: Path) -> None:
        node = record(children={"type": "array", "items": ref("Node")}, **{"class": STRING, "a-b": STRING})
        client = rendered(tmp_path, posting(record(root=ref("Node")), Node=node))
        assert client.module("inputs").Node.__optional_keys__ == {"children", "class", "a-b"}


class TestNames:
    def test_keywords_builtins_and_names_in_use_are_sent_as_they_are(self, tmp_path: Path) -> None:
        names = [
            "class",
            "list",
            "id",
            "given",
            "in_body",
            "a.b",
            "camelCase",
            "ünï",
            "ﬁ",
            "_x",
            "2nd",
            "$$",
            "self",
        ]
        client = rendered(tmp_path, posting(record(**dict.fromkeys(names, STRING))))
        arguments = list(parameters(client, "create_thing"))
        values = dict(zip(arguments, map(str, range(len(names))), strict=True))
        assert client.function("create_thing")(**values).body == dict(
            zip(names, map(str, range(len(names))), strict=True)
        )
        assert {"class_", "list_", "id_", "given_", "in_body_", "a_b", "camel_case"} <= set(arguments)

    def test_one_name_in_path_query_and_body_becomes_three_arguments(self, tmp_path: Path) -> None:
        where = [parameter(name="id", where="path", required=True), parameter(name="id", where="query")]
        item = {"post": operation("create_thing", parameters=where, **body(record(("id",), id=STRING)))}
        client = rendered(tmp_path, api({"/things/{id}": item}))
        call = client.function("create_thing")("p", id__in_query="q", id__in_body="b")
        assert (call.path, call.query, call.body) == (("things", "p"), {"id": "q"}, {"id": "b"})


class TestAccess:
    @pytest.fixture(scope="class")
    @classmethod
    def client(cls, tmp_path_factory: pytest.TempPathFactory) -> Package:
        shapes = {"client": "#/components/schemas/Part", "server": "#/components/schemas/ServerPart"}
        seen = {"anyOf": [{"$ref": each} for each in shapes.values()], "x-access-schema": shapes}
        get = operation(
            "get_part",
            "client server",
            responses=reply(seen),
            parameters=[parameter(name="secretly", **{"x-access": ["server"]})],
            **{"x-access-names": {"client": "get_part", "server": "get_part_as_server"}},
        )
        sign_out = operation(
            "sign_out", **{"x-needs": ["refresh_token"], "x-uses": ["access_token"], "x-idempotent": True}
        )
        paths = {"/part": {"get": get, "post": sign_out}}
        part, server_part = record(("a",), a=STRING), record(("a", "b"), a=STRING, b=STRING)
        return rendered(tmp_path_factory.mktemp("access"), api(paths, Part=part, ServerPart=server_part))

    def test_each_access_type_has_its_own_exact_function(self, client: Package) -> None:
        theirs, ours = client.function("get_part"), client.function("get_part_as_server")
        assert (theirs().access, ours().access) == (("client",), ("server",))
        assert theirs().template == ours().template == "/part"
        assert type(theirs().parse({"a": "x"})) is client.model("Part")
        assert type(ours().parse({"a": "x", "b": "y"})) is client.model("ServerPart")

    def test_a_parameter_of_one_access_type_is_missing_from_the_others(self, client: Package) -> None:
        assert list(parameters(client, "get_part_as_server")) == ["secretly"]
        assert list(parameters(client, "get_part")) == []

    def test_credentials_and_idempotence_travel_with_the_operation(self, client: Package) -> None:
        call = client.function("sign_out")()
        assert (call.needs, call.uses, call.idempotent) == (("refresh_token",), ("access_token",), True)

    def test_the_table_lists_everything_without_importing_it(self, client: Package) -> None:
        entry = client.module().OPERATIONS["get_part_as_server"]
        assert (entry.method, entry.path, entry.tag, entry.access) == ("GET", "/part", "things", ("server",))
        triples = [(e.method, e.path, a) for e in client.module().OPERATIONS.values() for a in e.access]
        assert len(triples) == len(set(triples)) == 5


class TestReply:
    @pytest.mark.parametrize(
        ("schema", "data", "expected"),
        [
            (STRING, "x", "x"),
            ({}, [1, {"a": None}], [1, {"a": None}]),
            ({"type": "object"}, {"a": 1}, {"a": 1}),
            ({"type": "array", "items": STRING}, ["a", None], ("a", None)),
            ({"type": "object", "additionalProperties": {"type": "array", "items": INTEGER}}, {"a": [1]}, {"a": (1,)}),
            ({"type": "null"}, "ignored", None),
        ],
    )
    def test_replies_that_are_no_model(self, tmp_path: Path, schema: Json, data: object, expected: object) -> None:
        client = rendered(tmp_path, one(responses=reply(schema)))
        assert client.function("get_thing")().parse(data) == expected

    def test_text_stays_text(self, tmp_path: Path) -> None:
        responses = {"200": {"description": "", "content": {"text/plain": {"schema": STRING}}}}
        call = rendered(tmp_path, one(responses=responses)).function("get_thing")()
        assert call.parse("hello") == "hello"

    def test_no_content_is_none_and_errors_and_redirects_are_no_results(self, tmp_path: Path) -> None:
        responses = reply() | reply(STRING, "404") | reply(STRING, "307")
        client = rendered(tmp_path, one(responses=responses))
        assert client.function("get_thing")().parse("whatever") is None
        assert "Operation[NoneType]" in str(inspect.signature(client.function("get_thing")))

    def test_lists_of_models(self, tmp_path: Path) -> None:
        client = rendered(
            tmp_path,
            api(
                {"/t": {"get": operation(responses=reply({"type": "array", "items": ref("Part")}))}},
                Part=record(a=STRING),
            ),
        )
        (part,) = client.function("get_thing")().parse([{"a": "x"}])
        assert part == client.model("Part")("x")
        with pytest.raises(ValueError, match="list at /1: text instead of an object"):
            client.function("get_thing")().parse([{"a": "x"}, "secret"])


HOSTILE = 'quotes " \' """ \'\'\' backslash \\ \\n \\U {{ x }} {% y %} {z} # no\nnewline\ttab\x00 ünï 🎉 ends with "'


class TestWording:
    def test_hostile_text_stays_text(self, tmp_path: Path) -> None:
        described = {**STRING, "description": HOSTILE}
        paths = {
            "/things": {
                "post": operation(
                    "create_thing",
                    summary=HOSTILE,
                    description=HOSTILE,
                    parameters=[parameter(STRING, name="q", description=HOSTILE)],
                    responses=reply(ref("Part")),
                    **body({**record(a=described, part=ref("Part")), "description": HOSTILE}),
                )
            }
        }
        part = {**record(b=described, kind=choice(*"\"\\{}'", 'a | "b"')), "description": HOSTILE}
        client = rendered(tmp_path, api(paths, Part=part))
        call = client.function("create_thing")(a="x", part={"kind": "\\"})
        assert call.body == {"a": "x", "part": {"kind": "\\"}}
        docstring = inspect.getdoc(client.function("create_thing")) or ""
        for piece in ('quotes " \' """', "backslash \\ \\n \\U {{ x }} {% y %} {z}", "ünï 🎉", 'ends with "'):
            assert docstring.count(piece) >= 4, piece

    def test_docstrings_say_limits_defaults_endpoint_and_access(self, tmp_path: Path) -> None:
        limit = parameter(
            {**INTEGER, "minimum": 1, "maximum": 200, "default": 50}, name="limit", description="Per page."
        )
        client = rendered(tmp_path, one(summary="Get things", parameters=[limit]))
        assert inspect.getdoc(client.function("get_thing")) == (
            "Get things.\n\nArgs:\n    limit: Per page. 1 to 200. Default: 50.\n\n"
            "GET /things. Access: client, server, admin."
        )

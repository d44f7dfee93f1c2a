"""Values are written as the API's JSON and read back equal, directly and through common serialisers."""

import copy
import json
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, cast

import pytest
from fastapi import Body, FastAPI
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter, ValidationError

from hexclave.models import Link, Metrics, Model, ServerTeam, ServerUser, ServerUserPage, Team
from hexclave_api.pagination import AsyncPage, Page, Pages
from hexclave_api.secret import Secret
from tests.api.wire_samples import MARK, MODELS, samples

REVEAL = {"reveal": True}
NO_MORE: Any = Pages(cast(Any, None))
TEAM: dict[str, Any] = next(samples(ServerTeam))
USER: dict[str, Any] = next(samples(ServerUser))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
class TestEveryModel:
    def test_comes_back_equal(self, model: type[Model]) -> None:
        for data in samples(model):
            value = model.from_dict(data)
            assert value.to_dict(reveal=True) == data
            assert json.loads(value.to_json(reveal=True)) == data
            assert model.from_dict(value.to_dict(reveal=True)) == value
            assert copy.deepcopy(value) == copy.copy(value) == value
            assert hash(copy.deepcopy(value)) == hash(value)
            if not holds_secret(data):
                assert pickle.loads(pickle.dumps(value)) == value
                assert value.to_dict() == data

    def test_comes_back_equal_through_pydantic(self, model: type[Model]) -> None:
        adapter: TypeAdapter[Model] = TypeAdapter(model)
        for data in samples(model):
            value = model.from_dict(data)
            assert adapter.dump_python(value, context=REVEAL) == data
            assert adapter.validate_python(data) == value
            assert adapter.validate_python(data, strict=True) == value
            assert adapter.validate_json(adapter.dump_json(value, context=REVEAL)) == value
            assert adapter.validate_python(value) is value

    def test_is_what_its_json_schema_says(self, model: type[Model]) -> None:
        schema = TypeAdapter(model).json_schema(mode="serialization")
        assert schema == TypeAdapter(model).json_schema(mode="validation")
        assert (schema["title"], schema["type"]) == (model.__name__, "object")
        assert set(schema.get("required", ())) == {field.key for field in model.layout().fields if not field.optional}
        validator = Draft202012Validator(schema)
        for data in samples(model):
            validator.validate(json.loads(model.from_dict(data).to_json()))
        for key in schema.get("required", ()):
            assert not validator.is_valid({name: data[name] for name in data if name != key})

    def test_shows_no_secret_unless_asked(self, model: type[Model]) -> None:
        adapter: TypeAdapter[Model] = TypeAdapter(model)
        for data in samples(model):
            value = model.from_dict(data)
            shown = [
                repr(value.to_dict()),
                value.to_json(),
                value._repr_html_(),
                json.dumps([value], default=Model.to_dict),
                repr(adapter.dump_python(value)),
                adapter.dump_json(value).decode(),
                repr(pickle.dumps(value)),
            ]
            assert not [text for text in shown if MARK in text]
            assert (MARK in value.to_json(reveal=True)) == holds_secret(data)


def holds_secret(data: dict[str, Any]) -> bool:
    return MARK in json.dumps(data)


class TestMasks:
    def test_a_mask_is_not_taken_for_a_secret(self) -> None:
        link = Link.from_dict({"url": "https://app.example.com/?code=1234567890abcdefghij"})
        again = Link.from_dict(link.to_dict())
        assert str(again.url) == str(link.url)
        for each in (again, TypeAdapter(Link).validate_json(link.to_json())):
            with pytest.raises(ValueError, match="masked"):
                each.url.reveal()

    def test_a_secret_in_a_model_of_the_program(self) -> None:
        class Config(BaseModel):
            key: Secret

        config = Config(key="example-key-of-some-length-or-other")  # type: ignore[arg-type] - pydantic makes it one
        assert config.key.reveal().startswith("example")
        assert config.model_dump() == {"key": "****ther"} == json.loads(config.model_dump_json())
        assert config.model_dump(context=REVEAL) == {"key": config.key.reveal()}
        assert Config.model_json_schema()["properties"]["key"]["format"] == "password"


class TestJson:
    def test_json_dumps_writes_models_wherever_they_stand(self) -> None:
        page = ServerUserPage.from_dict({"items": [USER]})
        written = json.dumps({"teams": [Team.from_dict(TEAM)], "page": page}, default=Model.to_dict)
        assert json.loads(written) == {"teams": [TEAM], "page": page.to_dict()}

    def test_json_dumps_says_what_it_cannot_write(self) -> None:
        with pytest.raises(TypeError, match="Object of type object is not JSON serializable"):
            json.dumps([object()], default=Model.to_dict)

    def test_written_values_share_nothing_with_the_model(self) -> None:
        team = Team.from_dict({**TEAM, "client_metadata": {"plan": ["free"]}})
        team.to_dict()["client_metadata"]["plan"].append("pro")
        assert team.client_metadata == {"plan": ["free"]}


class TestHashes:
    def test_models_are_in_sets_whatever_json_they_hold(self) -> None:
        users = [ServerUser.from_dict({**USER, "server_metadata": data}) for data in ({}, {}, {"a": []}, None)]
        assert len(set(users)) == 3
        assert {users[0]: 1}[users[1]] == 1

    def test_a_change_of_json_data_leaves_the_hash_alone(self) -> None:
        user = ServerUser.from_dict({**USER, "server_metadata": {}})
        before = hash(user)
        user.server_metadata["plan"] = "pro"
        assert hash(user) == before


class Membership(BaseModel):
    team: ServerTeam
    member: ServerUser | ServerTeam | int | None = None


class TestPydantic:
    def test_the_right_one_of_several_models_is_read_and_written(self) -> None:
        either: TypeAdapter[list[ServerUser | ServerTeam]] = TypeAdapter(list[ServerUser | ServerTeam])
        values = either.validate_python([TEAM, USER])
        assert [type(value) for value in values] == [ServerTeam, ServerUser]
        assert either.dump_python(values) == [TEAM, USER] == json.loads(either.dump_json(values))

    def test_models_are_fields_of_models(self) -> None:
        for member in (5, None, USER, TEAM):
            membership = Membership.model_validate({"team": TEAM, "member": member})
            assert membership.model_dump() == {"team": TEAM, "member": member}
            assert Membership.model_validate_json(membership.model_dump_json(by_alias=True)) == membership

    def test_missing_or_invalid_values_are_reported_with_their_place(self) -> None:
        with pytest.raises(ValidationError) as caught:
            Membership.model_validate({"team": {**TEAM, "id": 5, "display_name": None}})
        assert [error["loc"] for error in caught.value.errors()] == [("team", "id"), ("team", "display_name")]

    def test_errors_show_no_object_that_may_hold_a_secret(self) -> None:
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(Link).validate_python({"urls": MARK})
        assert MARK not in str(caught.value) + repr(caught.value.errors()) + caught.value.json()

    def test_unknown_values_of_a_choice_are_valid(self) -> None:
        reason = {"type": "from a later server"}
        assert TypeAdapter(ServerUser).validate_python({**USER, "restricted_reason": reason}).restricted_reason

    def test_models_that_are_not_what_they_should_be_are_written_all_the_same(self) -> None:
        """An older server left out what is always sent today."""
        team = ServerTeam.from_dict({"id": "t"})
        assert TypeAdapter(ServerTeam).dump_python(team) == team.to_dict()

    def test_parts_are_left_out_on_request(self) -> None:
        team = ServerTeam.from_dict(TEAM)
        assert TypeAdapter(ServerTeam).dump_python(team, include={"id"}) == {"id": team.id}
        written = Membership(team=team).model_dump(exclude={"team": {"server_metadata"}, "member": True})
        assert written == {"team": {key: value for key, value in TEAM.items() if key != "server_metadata"}}

    def test_threads_make_the_schema_of_a_model_at_the_same_time(self) -> None:
        before, barrier = sys.getswitchinterval(), threading.Barrier(8)

        def schema() -> dict[str, Any]:
            barrier.wait()
            return TypeAdapter(Metrics).json_schema()

        sys.setswitchinterval(1e-6)
        try:
            with ThreadPoolExecutor(8) as threads:
                made = [future.result() for future in [threads.submit(schema) for _ in range(8)]]
        finally:
            sys.setswitchinterval(before)
        assert all(each == made[0] for each in made)

    def test_it_is_imported_by_nothing_but_itself(self) -> None:
        code = (
            "import sys; from hexclave.models import ServerUser; user = ServerUser.from_dict({});"
            "user.to_json(); user._repr_html_(); hash(user); sys.exit('pydantic' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


web = FastAPI()


@web.get("/user")
def get_user() -> ServerUser:
    return ServerUser.from_dict(USER)


@web.get("/teams", response_model_exclude={"__all__": {"server_metadata"}})
def get_teams() -> list[ServerTeam]:
    return [ServerTeam.from_dict(TEAM)]


@web.post("/teams")
def post_team(team: Annotated[ServerTeam, Body()]) -> Membership:
    return Membership(team=team)


class TestFastAPI:
    client = TestClient(web)

    def test_models_are_bodies_of_requests_and_replies(self) -> None:
        assert self.client.get("/user").json() == USER
        assert self.client.post("/teams", json=TEAM).json() == {"team": TEAM, "member": None}
        assert self.client.post("/teams", json={"id": 5}).status_code == 422

    def test_parts_are_left_out_of_replies(self) -> None:
        (team,) = self.client.get("/teams").json()
        assert team.keys() == TEAM.keys() - {"server_metadata"}

    def test_openapi_has_one_component_for_each_model(self) -> None:
        schemas = web.openapi()["components"]["schemas"]
        assert {"ServerUser", "ServerTeam", "RestrictedReason"} <= schemas.keys()
        assert not [name for name in schemas if name.endswith(("-Input", "-Output"))]
        user = schemas["ServerUser"]["properties"]
        assert user["selected_team"]["anyOf"] == [{"$ref": "#/components/schemas/ServerTeam"}, {"type": "null"}]
        assert user["signed_up_at_millis"]["description"].startswith("When the user signed up, in milliseconds")
        assert "enum" in json.dumps(schemas["RestrictedReason"]["properties"]["type"])


class TestNotebooks:
    def test_a_table_is_escaped(self) -> None:
        table = ServerUser.from_dict({**USER, "display_name": "<script>alert(1)</script>"})._repr_html_()
        assert "<script>" not in table
        assert "&lt;script&gt;" in table
        assert "<th>display_name</th>" in table

    def test_fields_that_no_model_knows_are_named_without_their_values(self) -> None:
        table = ServerTeam.from_dict({"id": "t", "new_key": MARK})._repr_html_()
        assert "new_key" in table
        assert MARK not in table

    @pytest.mark.parametrize("kind", [Page, AsyncPage])
    def test_a_page_is_a_table_of_its_items(self, kind: Any) -> None:
        reply = ServerUserPage.from_dict({"items": [USER, {"id": "u2"}], "pagination": {"next_cursor": "u3"}})
        table = kind(reply, NO_MORE, None)._repr_html_()
        assert table.startswith("<table><caption>2 items, and more</caption><tr><th>id</th>")
        assert table.count("<tr>") == 3
        assert "<td>u2</td>" in table

    def test_long_values_are_cut(self) -> None:
        assert len(Team.from_dict({"id": "x" * 100_000})._repr_html_()) < 1000

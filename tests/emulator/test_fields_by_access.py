"""No access type may send a field that the description reserves for others, on any route."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from asking import Asker, code

from hexclave_emulator import Emulator
from hexclave_emulator.checking.description import document
from hexclave_emulator.routing.routes import Route
from tests.emulator.performing import Cast

SCHEMAS: Final = document()["components"]["schemas"]
ROUTES: Final = Emulator().router.routes
DESCRIBED: Final = [route for route in ROUTES if route.operation is not None]
UNDESCRIBED: Final = {
    # Browsers are redirected there when the provider refuses; the documents only name error_redirect_uri.
    ("GET /auth/oauth/authorize/{provider_id}", "query.error_redirect_url"),
}
OPEN: Final = {
    ("POST /analytics/query", "body.params"),
    ("POST /internal/analytics/query", "body.params"),
    ("PATCH /emails/outbox/{id}", "body.variables"),
}
"""Objects of any fields."""
_ID: Final = "00000000-0000-4000-8000-000000000000"


def _resolved(schema: Mapping[str, Any], access: str) -> Mapping[str, Any]:
    """Return the schema for the access type, without references."""
    while "$ref" in schema or "x-access-schema" in schema:
        chosen = schema.get("x-access-schema", {}).get(access) or schema.get("$ref")
        if chosen is None:
            return {}
        schema = SCHEMAS[chosen.rpartition("/")[2]]
    alternatives = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return _resolved(alternatives[0], access) if len(alternatives) == 1 else schema


def _objects(schema: Mapping[str, Any], access: str, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the places of closed objects in the schema, the schema itself first."""
    schema = _resolved(schema, access)
    if "properties" in schema and not schema.get("additionalProperties"):
        yield path
        for name, field in schema["properties"].items():
            if len(path) < 2:
                yield from _objects(field, access, (*path, name))


def _fields(schema: Mapping[str, Any], access: str, path: tuple[str, ...]) -> set[str]:
    schema = _resolved(schema, access)
    for name in path:
        schema = _resolved(schema.get("properties", {}).get(name, {}), access)
    return set(schema.get("properties", {}))


def _named_by_rules(route: Route, place: str) -> set[str]:
    """Return the fields that rules name at this place: routes that share rules may name more than they have."""
    prefix = f"{place}."
    return {rule.removeprefix(prefix) for rule in route.rules if rule.startswith(prefix)} - {""}


def _sent(asking: tuple[Asker, str], access: str, route: Route, query: Mapping[str, str], body: Any) -> str:
    ask, token = asking
    path = route.template.replace("{user_id}", _ID).replace("{", "").replace("}", "").rstrip("/")
    target = path + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")
    sender = {"client": ask.client, "server": ask.server, "admin": ask.admin}[access]
    reply = sender(route.method, target, body, access_token=token, refresh_token="x")
    return reply.content.decode() if code(reply) == "SCHEMA_ERROR" else f"{reply.status}: not refused"


@pytest.fixture(scope="module")
def asking() -> Iterator[tuple[Asker, str]]:
    """Return callers with a user's access token. Refused requests change nothing, so all share one emulator."""
    emulator = Emulator()
    cast = Cast(Asker(emulator))
    yield cast.ask, cast.person("ada").headers["access_token"]
    emulator.close()


@pytest.mark.parametrize("route", DESCRIBED, ids=lambda route: f"{route.method} {route.template}")
def test_fields_of_other_access_types_are_unknown(asking: tuple[Asker, str], route: Route) -> None:
    """Fields of other access types, fields that only a rule names, and unknown fields."""
    assert route.operation is not None
    schema = route.operation.body
    for access in route.access or ("client",):
        for path in _objects(schema, access) if schema else ():
            place = ".".join(("body", *path))
            if (f"{route.method} {route.template}", place) in OPEN:
                continue
            own = _fields(schema or {}, access, path)
            foreign = {name for each in ("client", "server", "admin") for name in _fields(schema or {}, each, path)}
            for name in sorted((foreign | _named_by_rules(route, place) | {"nope"}) - own):
                if "." in name or "[" in name or (f"{route.method} {route.template}", f"{place}.{name}") in UNDESCRIBED:
                    continue
                body: Any = {name: None}
                for part in reversed(path):
                    body = {part: body}
                said = _sent(asking, access, route, {}, body)
                assert f"{place} contains unknown properties: {name}" in said, (access, place, name, said)


@pytest.mark.parametrize("route", DESCRIBED, ids=lambda route: f"{route.method} {route.template}")
def test_parameters_of_other_access_types_are_unknown(asking: tuple[Asker, str], route: Route) -> None:
    """The same for the query."""
    operation = route.operation
    assert operation is not None
    body = None if route.method == "GET" else {}
    for access in route.access or ("client",):
        own = {
            name
            for name, each in operation.query_parameters.items()
            if access in each.get("x-access", ("client", "server", "admin"))
        }
        for name in sorted((set(operation.query_parameters) | _named_by_rules(route, "query") | {"nope"}) - own):
            if (f"{route.method} {route.template}", f"query.{name}") in UNDESCRIBED:
                continue
            said = _sent(asking, access, route, {name: "1"}, body)
            assert f"query contains unknown properties: {name}" in said, (access, name, said)


def test_rules_admit_no_other_fields() -> None:
    """The list above is all that rules add to the description."""
    added = {
        (f"{route.method} {route.template}", place)
        for route in DESCRIBED
        for place, rule in route.rules.items()
        if rule.undescribed
    }
    assert added == UNDESCRIBED
    opened = {
        (f"{route.method} {route.template}", place)
        for route in DESCRIBED
        for place, rule in route.rules.items()
        if rule.open
    }
    assert opened == OPEN


@pytest.mark.parametrize("route", DESCRIBED, ids=lambda route: f"{route.method} {route.template}")
def test_no_route_lets_in_more_than_the_description(route: Route) -> None:
    """The description defines who may call an operation; `OPEN` routes check no key, only fields."""
    assert route.operation is not None
    assert set(route.access) <= set(route.operation.access)


def test_a_client_cannot_set_its_own_password_that_way(cast: Cast) -> None:
    """Nor the country, which only servers may set; as the server, both can be set."""
    ada = cast.person("ada", password="correct horse battery")
    for field, value in (("password", "stolen session"), ("country_code", "AT")):
        refused = cast.ask.client("PATCH", "/users/me", {field: value}, **ada.headers)
        assert code(refused) == "SCHEMA_ERROR", field
        assert cast.ask.server("PATCH", "/users/me", {field: value}, **ada.headers).status == 200, field
    sign_in = {"email": ada.email, "password": "correct horse battery"}
    assert cast.ask.client("POST", "/auth/password/sign-in", sign_in).status == 400
    assert cast.ask.client("POST", "/auth/password/sign-in", {**sign_in, "password": "stolen session"}).status == 200

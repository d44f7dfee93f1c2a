"""Items that older releases lack: operations, parameters, values."""

import pytest

from hexclave_emulator import Emulator
from hexclave_emulator.checking.description import description
from hexclave_emulator.checking.releases import Release, has
from tests.emulator.asking import Asker, code


@pytest.mark.parametrize(
    ("since", "releases"),
    [
        (None, ["2026-04", "2026-09", "2026-10"]),
        ("after 2026-04", ["2026-09", "2026-10"]),
        ("2026-09", ["2026-09", "2026-10"]),
        ("2026-10", ["2026-10"]),
    ],
)
def test_the_contents_of_a_release(since: str | None, releases: list[str]) -> None:
    """It is in all releases since the one that introduced it."""
    described = {} if since is None else {"x-since": since}
    assert [each for each in ("2026-04", "2026-09", "2026-10") if has(each, described)] == releases


@pytest.mark.parametrize("release", ["2026-04", "2026-09", "2026-10"])
def test_newer_operations_are_unknown_routes(release: Release) -> None:
    """With the page of any unknown path, or 405 where the path has another method."""
    emulator = Emulator(release=release)
    ask = Asker(emulator)
    known = {each.name for each in description(release).operations}
    newer = [each for each in description().operations if each.name not in known]
    assert bool(newer) is (release != "2026-10")
    for operation in newer:
        reply = ask.admin(operation.method, operation.template.replace("{", "").replace("}", ""), {})
        assert reply.status in (404, 405), operation.name
        assert code(reply) is None, operation.name
        assert reply.status == 405 or b"this page does not exist" in reply.content, operation.name
    emulator.close()


def test_newer_arguments_are_unknown() -> None:
    """An older server refuses a parameter or a value that came later."""
    asked = {
        "/teams?limit=1": "query contains unknown properties: limit",
        "/users?order_by=last_active_at": "query.order_by must be one of the following values: signed_up_at",
    }
    older, newer = Emulator(release="2026-04"), Emulator()
    for path, fault in asked.items():
        assert fault in Asker(older).server("GET", path).content.decode(), path
        assert Asker(newer).server("GET", path).status == 200, path


def test_the_page_of_an_unknown_route_names_the_whole_url() -> None:
    """With its query, as it was asked for."""
    emulator = Emulator()
    reply = Asker(emulator).plain("GET", "/nothing?a=b%20c&d=")
    assert reply.status == 404
    assert reply.content.decode().endswith("/api/v1/nothing?a=b%20c&d=")

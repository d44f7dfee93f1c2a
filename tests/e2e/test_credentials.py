"""Errors never contain a credential of the call: not in the text, nor in a local of a linked frame."""

from typing import Any

import pytest

from hexclave import AsyncHexclaveAdminApp, HexclaveAdminApp
from hexclave.errors import HexclaveError
from hexclave.tokens import MemoryTokenStore, Tokens
from tests.e2e import misbehaving
from tests.e2e.calling import (
    AWAITING,
    BLOCKING,
    KEYS,
    REFRESH_TOKEN,
    SECRETS,
    Outcome,
    Server,
    attempted,
    attempted_async,
    check,
    operation,
    options,
    run,
)

ACCESS_TOKEN = misbehaving.token("signed-in")
ADMIN_TOKEN = misbehaving.token("owner")
FAILURES: dict[str, tuple[str, tuple[object, ...]]] = {
    "reset": ("broken", ("headers", "reset")),
    "silence": ("broken", ("before", "hold")),
    "drip": ("drip", ("headers", 0.05)),
    "status": ("status", (500,)),
    "refused again": ("session", (0, "stubborn")),
    "session over": ("session", (0, "over")),
    "refresh broken": ("session", (0, "reset")),
    "quoted in an error": ("echo", ("known",)),
    "quoted in garbage": ("echo", ("status-line",)),
    "quoted in a success": ("echo", ("success",)),
    "quoted in a redirect": ("echo", ("location",)),
}


@pytest.mark.parametrize("access", ["client", "server", "admin", "owner", "owner by function"])
@pytest.mark.parametrize(("behaviour", "arguments"), FAILURES.values(), ids=FAILURES)
def test_a_failed_call_reveals_no_credential(
    server: Server, mode: str, access: str, behaviour: str, arguments: tuple[object, ...]
) -> None:
    here = server.at(behaviour, *arguments)
    what = operation("POST", body={"a": 1}, parse=lambda data: data["id"], uses=("refresh_token",))
    settings = options(
        base_url=here.base_url,
        session=MemoryTokenStore(Tokens(ACCESS_TOKEN, REFRESH_TOKEN)),
        timeout=0.2 if behaviour in ("drip", "broken") else 5,
    )

    def made(apps: dict[str, Any], admin: Any) -> Any:
        if access == "owner":
            return admin("project-1", admin_access_token=ADMIN_TOKEN, **settings)
        if access == "owner by function":
            return admin("project-1", admin_access_token=lambda: ADMIN_TOKEN, **settings)
        return apps[access]("project-1", KEYS[access], **settings)

    if mode == "blocking":
        with made(BLOCKING, HexclaveAdminApp) as app:
            outcome = attempted(lambda: app.call(what))
    else:

        async def main() -> Outcome:
            async with made(AWAITING, AsyncHexclaveAdminApp) as app:
                return await attempted_async(lambda: app.call(what))

        outcome = run(main())
    check(outcome, secrets=(*SECRETS, ACCESS_TOKEN, ADMIN_TOKEN))
    assert isinstance(outcome.error, HexclaveError)


@pytest.mark.parametrize("bad", ["owner\r\nx: y", "", " owner-token-1not2a3real4token5", "ö-token-1not2a3real4token5"])
def test_an_owners_token_that_is_invalid_in_headers_is_not_revealed_either(server: Server, mode: str, bad: str) -> None:
    here = server.at("ok")
    settings = options(base_url=here.base_url, admin_access_token=lambda: bad)
    if mode == "blocking":
        with HexclaveAdminApp("project-1", **settings) as app:
            outcome = attempted(lambda: app.call(operation()))
    else:

        async def main() -> Outcome:
            async with AsyncHexclaveAdminApp("project-1", **settings) as app:
                return await attempted_async(lambda: app.call(operation()))

        outcome = run(main())
    check(outcome, secrets=(bad,) if bad else ())
    assert isinstance(outcome.error, HexclaveError)
    assert here.seen == []

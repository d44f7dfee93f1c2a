"""Expected types of the resources; checked by mypy and pyright in `make check`, never run."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, assert_type

import hexclave
from hexclave import models
from hexclave.bulk import AsyncOutcomes, Failure, Outcome, Outcomes, Summary
from hexclave.pagination import AsyncPage, AsyncPages, Page
from hexclave_api.operation import JsonValue, Operation
from hexclave_api.operations.users import get_user


def client(app: hexclave.HexclaveClientApp) -> None:
    assert_type(app.me.get(), models.CurrentUser)
    assert_type(app.me.find(), models.CurrentUser | None)
    assert_type(app.me.delete(), None)
    assert_type(app.teams.list(), Page[models.Team])
    assert_type(app.teams.find("t"), models.Team | None)
    assert_type(app.teams.leave("t"), None)
    assert_type(app.teams.invitations.accept_with_code("c"), None)
    assert_type(app.teams.permissions.has("t", "p"), bool)
    assert_type(app.teams.api_keys.create("t", description="d"), models.CreatedTeamApiKey)
    assert_type(app.contact_channels.update("c", is_primary=True), models.ContactChannel)
    assert_type(app.connected_accounts.get_access_token("google", scopes=["a"]), hexclave.Secret)
    assert_type(app.payments.for_user("u").create_checkout_url("p"), hexclave.Secret)
    assert_type(app.payments.for_user("u").switch_subscription(from_product_id="a", to_product_id="b"), None)
    assert_type(app.project.get(), models.Project)


def server(app: hexclave.HexclaveServerApp) -> None:
    assert_type(app.me.find(), models.ServerUser | None)
    assert_type(app.users.list(limit=5), Page[models.ServerUser])
    for user in app.users.list():
        assert_type(user, models.ServerUser)
    assert_type(app.users.find("u"), models.ServerUser | None)
    assert_type(app.users.find_by_api_key("k"), models.ServerUser | None)
    assert_type(app.users.delete("u"), None)
    assert_type(app.teams.get_by_api_key("k"), models.ServerTeam)
    assert_type(app.teams.members.list("t"), Page[models.ServerTeamMemberProfile])
    assert_type(app.sessions.create("u", expires_in=timedelta(hours=1)), hexclave.Tokens)
    assert_type(app.payments.for_team("t").try_decrease_item_quantity("i", 1), bool)
    assert_type(app.payments.for_custom("c").grant_product("p"), str | None)
    assert_type(app.payments.for_user("u").list_invoices(), Page[models.Invoice])
    assert_type(app.data_vault.find("s", "k", secret="x"), hexclave.Secret | None)
    assert_type(app.emails.activate_capacity_boost(), datetime)
    assert_type(app.emails.outbox.wait("e"), models.OutboxEmail)
    assert_type(app.config.get_override("branch"), Mapping[str, JsonValue])
    assert_type(app.workflows.list_runs("w"), Page[models.WorkflowRun])


def bulk(app: hexclave.HexclaveServerApp, rows: list[dict[str, Any]]) -> None:
    created = app.users.create_many(rows, ordered=False)
    assert_type(created, Outcomes[Mapping[str, Any], models.ServerUser])
    assert_type(created.run(), Summary[Mapping[str, Any]])
    for each in created:
        if each.error is None:
            assert_type(each.value, models.ServerUser)
        else:
            assert_type(each.error, Exception)
            assert_type(each.value, None)
        if each.ok is True:
            assert_type(each.value, models.ServerUser)
        if isinstance(each, Failure):
            assert_type(each.row, Mapping[str, Any])
            assert_type(each.error, Exception)
        else:
            assert_type(each.value, models.ServerUser)
    for deleted in app.users.delete_many(["u"]):
        assert_type(deleted.row, str)
        assert_type(deleted.result(), None)
    for updated in app.users.update_many([("u", {"display_name": "Ada"})], done={"v"}):
        assert_type(updated.value, models.ServerUser | None)
        assert_type(updated.result(), models.ServerUser)
        assert_type(updated.error, Exception | None)
    for outcome in app.call_many(get_user(user_id) for user_id in ("u", "v")):
        assert_type(outcome, Outcome[Operation[models.ServerUser], models.ServerUser])
    assert_type(app.users.export(), Page[models.ServerUser])


async def bulk_asynchronous(app: hexclave.AsyncHexclaveAdminApp, rows: list[dict[str, Any]]) -> None:
    created = app.users.create_many(rows)
    assert_type(created, AsyncOutcomes[Mapping[str, Any], models.ServerUser])
    assert_type(await created.run(), Summary[Mapping[str, Any]])
    async for outcome in app.call_many([get_user("u")], concurrency=2):
        assert_type(outcome.result(), models.ServerUser)
    assert_type(app.users.export(), AsyncPages[models.ServerUser])


async def asynchronous(app: hexclave.AsyncHexclaveServerApp, client: hexclave.AsyncHexclaveClientApp) -> None:
    assert_type(await app.users.get("u"), models.ServerUser)
    assert_type(await app.users.find("u"), models.ServerUser | None)
    assert_type(app.users.list(), AsyncPages[models.ServerUser])
    assert_type(await app.users.list(), AsyncPage[models.ServerUser])
    async for user in app.users.list():
        assert_type(user, models.ServerUser)
    assert_type(await app.teams.members.add("t", "u"), models.TeamMembership)
    assert_type(await app.payments.for_user("u").try_decrease_item_quantity("i", 1), bool)
    assert_type(await client.teams.leave("t"), None)
    assert_type(await client.notifications.update("n", enabled=False), models.NotificationPreference)


def admin(app: hexclave.HexclaveAdminApp) -> None:
    assert_type(app.project.get(), models.AdminProject)
    assert_type(app.email_themes.list(), Page[models.EmailThemeSummary])
    assert_type(app.payments.list_transactions(), Page[models.Transaction])
    assert_type(app.payments.set_up(), hexclave.Secret)
    assert_type(app.payments.find_stripe_account(), models.StripeAccount | None)
    assert_type(app.config.find_agent_run(run_id="r"), models.ConfigAgentRun | None)
    assert_type(app.email_templates.update("t", tsx_source="s"), str)
    assert_type(app.users.get("u"), models.ServerUser)
    assert_type(app.workflows.list(), Page[models.Workflow])


def mistakes(
    app: hexclave.HexclaveServerApp, client: hexclave.HexclaveClientApp, admin: hexclave.HexclaveAdminApp
) -> None:
    _ = client.users  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    _ = app.project_keys  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    _ = admin.auth  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    _ = client.permissions.grant  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    app.users.get()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    app.users.update("u", primary_email=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    _ = app.payments.for_custom("c").get_billing  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    app.users.delete_many([1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    client.contact_channels.delete("u", "c")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

"""Recorded replies of servers without a route or an argument give errors that name the reason."""

import pickle
from typing import Any

import pytest

from hexclave._messages import Reply
from hexclave.errors import (
    APIStatusError,
    ArgumentNotAvailable,
    HexclaveError,
    NotFoundError,
    OperationNotAvailable,
    SchemaError,
)
from hexclave_api.operation import AccessType, Operation
from hexclave_api.operations import analytics, email_themes, emails, project_secrets, teams, users
from tests.playing import context, play, reply

NO_PAGE = (
    "404 — this page does not exist in Stack Auth's API.\n\nPlease see the API documentation at "
    "https://docs.stack-auth.com, or visit the Stack Auth dashboard at https://app.stack-auth.com.\n\nURL: https://a/b"
)


def plain(status: int, text: str) -> Reply:
    return reply(status, text.encode(), content_type="text/plain; charset=utf-8")


def failed(operation: Operation[Any], answer: Reply, access: AccessType = "server") -> HexclaveError:
    error = play(context(access), operation, answer).error
    assert isinstance(error, HexclaveError)
    return error


def schema_error(fault: str) -> Reply:
    message = f"Request validation failed on GET /api/v1/teams:\n  - {fault}\n  - {fault}"
    body = {"code": "SCHEMA_ERROR", "error": message, "details": {"message": message}}
    return reply(400, body, x_stack_known_error="SCHEMA_ERROR")


class TestOperations:
    @pytest.mark.parametrize("answer", [plain(404, NO_PAGE), plain(405, "")])
    def test_a_missing_route_is_no_missing_thing(self, answer):
        error = failed(project_secrets.list_project_secrets(), answer)
        assert type(error) is OperationNotAvailable
        assert not isinstance(error, NotFoundError)
        assert (error.operation, error.since) == ("list_project_secrets", "after 2026-04")
        assert (error.status, error.method, error.path) == (answer.status, "GET", "/project-secrets")
        assert error.message == (
            "The server does not have list_project_secrets (GET /project-secrets), which came after release 2026-04: "
            "it is an older version."
        )

    def test_the_older_route_is_named_where_there_is_one(self):
        error = failed(analytics.run_analytics_query(query="SELECT 1"), plain(404, NO_PAGE))
        assert isinstance(error, OperationNotAvailable)
        assert error.since == "2026-09"
        assert "came with release 2026-09" in error.message
        assert (
            "Perform hexclave_api.operations.analytics.run_analytics_query_on_older_server(…) with call(…) of an admin "
            "app instead." in error.message
        )

    def test_an_unknown_route_that_every_release_has_points_at_the_address(self):
        error = failed(users.list_users(), plain(404, NO_PAGE))
        assert isinstance(error, OperationNotAvailable)
        assert error.since is None
        assert "although every known release has it. Check base_url." in error.message

    @pytest.mark.parametrize(
        "answer",
        [
            plain(404, "Email theme not found"),
            plain(404, ""),
            plain(404, f"<html>{' ' * 100}this page does not exist</html>"),
            plain(405, "<h1>Method not allowed</h1>"),
            reply(404, {"code": "USER_NOT_FOUND", "error": "this page does not exist"}),
        ],
    )
    def test_other_refusals_stay_what_they_are(self, answer):
        error = failed(email_themes.delete_email_theme("t"), answer, "admin")
        assert isinstance(error, APIStatusError)
        assert not isinstance(error, OperationNotAvailable)

    def test_it_can_be_pickled(self):
        error = failed(project_secrets.list_project_secrets(), plain(404, NO_PAGE))
        copied = pickle.loads(pickle.dumps(error))
        assert (type(copied), copied.since, copied.message) == (type(error), "after 2026-04", error.message)


class TestArguments:
    def test_an_unknown_argument_names_itself_and_its_release(self):
        fault = schema_error("query contains unknown properties: limit, query")
        error = failed(teams.list_teams_as_server(limit=5, query="x"), fault)
        assert type(error) is ArgumentNotAvailable
        assert isinstance(error, SchemaError)
        assert (error.arguments, error.since) == (("limit", "query"), "2026-09")
        assert (error.status, error.code) == (400, "SCHEMA_ERROR")
        assert error.reason
        assert error.message == (
            "The server does not know limit and query of list_teams_as_server (GET /teams), which came with release "
            "2026-09: it is an older version. Leave them out."
        )

    def test_a_field_of_the_body_too(self):
        fault = schema_error("body contains unknown properties: emails")
        error = failed(emails.send_email(emails=["a@example.com"], html="x", subject="x"), fault)
        assert isinstance(error, ArgumentNotAvailable)
        assert (error.arguments, error.since) == (("emails",), "after 2026-04")

    def test_a_value_that_came_later_too(self):
        fault = schema_error("query.order_by must be one of the following values: signed_up_at")
        error = failed(users.list_users(order_by="last_active_at"), fault)
        assert isinstance(error, ArgumentNotAvailable)
        assert (error.arguments, error.since) == (("order_by=last_active_at",), "2026-09")

    @pytest.mark.parametrize(
        "fault",
        [
            "query.limit must be a `number` type",
            "query contains unknown properties: bogus",
            "query.order_by must be one of the following values: signed_up_at, last_active_at",
        ],
    )
    def test_other_faults_stay_what_they_are(self, fault):
        error = failed(users.list_users(limit=5, order_by="signed_up_at"), schema_error(fault))
        assert type(error) is SchemaError

    def test_values_that_were_sent_are_not_shown(self):
        fault = schema_error("body contains unknown properties: password")
        error = failed(users.create_user(password="hunter2-not-real"), fault)
        assert isinstance(error, ArgumentNotAvailable)
        assert "hunter2" not in error.explain()

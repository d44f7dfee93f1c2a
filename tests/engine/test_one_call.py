"""One call with its own options, and with the reply behind it, by the public API alone, in both modes."""

import asyncio
import inspect
import json
import re
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

import hexclave
from hexclave import AppInfo, Hooks, Retries, Tokens, UnsafeUseError
from hexclave.errors import APIConnectionError, NotFoundError
from hexclave.transport import Reply, Request
from hexclave_api.operations.users import get_user

KEY = "ssk_not_a_real_key_0000000000000000000000000000"
HEADERS = {
    "x-stack-request-id": "r1",
    "set-cookie": "session=abc",
    "x-stack-access-token": "t",
    "x-ratelimit-limit": "9",
}


@attrs.define
class Server:
    """Answers from a list, the last answer again and again, and keeps the requests."""

    answers: list[Reply | Exception]
    requests: list[Request] = attrs.field(factory=list)

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        found = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def send(self, request: Request, deadline: float | None) -> Reply:
        return self.answer(request)

    def close(self) -> None: ...


class AsyncServer(Server):
    async def send(self, request: Request, deadline: float | None) -> Reply:  # type: ignore[override]
        await asyncio.sleep(0)
        return self.answer(request)

    async def close(self) -> None: ...  # type: ignore[override]


def reply(status: int = 200, body: Any = None, **headers: str) -> Reply:
    return Reply(status, {**HEADERS, **headers}, json.dumps(body or {"id": "u1"}).encode())


def missing() -> Reply:
    code = "USER_NOT_FOUND"
    return reply(404, {"code": code, "error": "No such user."}, **{"x-stack-known-error": code})


class Mode:
    def __init__(self, kind: str) -> None:
        self.is_async = kind == "async"

    def app(self, server: Server, **options: Any) -> Any:
        cls = hexclave.AsyncHexclaveServerApp if self.is_async else hexclave.HexclaveServerApp
        kept = AsyncServer(server.answers, server.requests) if self.is_async else server
        return cls("project-1", KEY, transport=kept, **options)  # type: ignore[arg-type]

    def run(self, action: Callable[[], Any]) -> Any:
        if not self.is_async:
            return action()

        async def awaited() -> Any:
            result = action()
            return await result if inspect.isawaitable(result) else result

        return asyncio.run(awaited())


@pytest.fixture(params=["blocking", "async"])
def mode(request: pytest.FixtureRequest) -> Mode:
    return Mode(request.param)


class TestOptions:
    def test_extra_headers_are_added_for_what_is_called_through_it(self, mode: Mode) -> None:
        server = Server([reply()])
        app = mode.app(server, extra_headers={"x-proxy": "a", "x-kept": "k"})
        mode.run(
            lambda: app.options(extra_headers={"X-Proxy": "b"}).options(extra_headers={"x-more": "c"}).users.get("u1")
        )
        mode.run(lambda: app.users.get("u1"))
        first, second = (request.headers for request in server.requests)
        assert (first["x-proxy"], first["x-kept"], first["x-more"]) == ("b", "k", "c")
        assert second["x-proxy"] == "a"
        assert "x-more" not in second

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"extra_headers": {"x-stack-access-type": "admin"}}, "set by the app"),
            ({"extra_headers": {"x-client-request-id": "1"}}, "set by the app"),
            ({"extra_headers": {"x-mine": "a\nb"}}, "x-mine.*line break"),
            ({"extra_headers": "x-mine"}, "mapping.*str"),
            ({"client_request_id": ""}, "client_request_id is empty"),
            ({"client_request_id": None}, "client_request_id must be a str"),
            ({"client_request_id": "x" * 201}, "longer than 200"),
            ({"client_request_id": KEY}, "is a key"),
            ({"timeout": 0}, "positive"),
            ({"retries": "2"}, "number of attempts"),
            ({"hooks": print}, "hooks must be"),
        ],
    )
    def test_wrong_values_are_refused_before_any_request(self, mode: Mode, given: dict[str, Any], message: str) -> None:
        server = Server([reply()])
        app = mode.app(server)
        with pytest.raises(UnsafeUseError, match=message):
            app.options(**given)
        assert server.requests == []

    def test_a_key_passed_by_mistake_is_in_no_frame(self, mode: Mode) -> None:
        app = mode.app(Server([reply()]))
        for name, value in (("client_request_id", KEY), ("extra_headers", {"x-stack-project-id": KEY})):
            given = {name: value}
            with pytest.raises(UnsafeUseError) as caught:
                app.options(**given)
            trace = caught.value.__traceback__
            assert trace is not None
            shown = traceback.TracebackException(
                type(caught.value), caught.value, trace.tb_next, capture_locals=True
            ).format()
            assert KEY not in "".join(shown)

    def test_retries_and_timeout_hold_for_it_alone(self, mode: Mode) -> None:
        server = Server([APIConnectionError("lost"), reply()])
        app = mode.app(server, retries=Retries(first_wait=0.001))
        with pytest.raises(APIConnectionError):
            mode.run(lambda: app.options(retries=1, timeout=7).users.get("u1"))
        assert [request.total_timeout is not None and request.total_timeout <= 7 for request in server.requests] == [
            True
        ]
        server.answers.insert(0, APIConnectionError("lost"))
        assert mode.run(lambda: app.users.get("u1")).id == "u1"
        assert len(server.requests) == 3


class TestClientRequestId:
    def test_it_is_sent_and_stands_in_errors_and_events(self, mode: Mode) -> None:
        events: list[Any] = []
        hooks = Hooks(on_request=events.append, on_response=events.append, on_retry=events.append)
        server = Server([APIConnectionError("lost"), missing()])
        app = mode.app(server, hooks=hooks, retries=Retries(first_wait=0.001))
        with pytest.raises(NotFoundError) as caught:
            mode.run(lambda: app.options(client_request_id="order-17").users.get("u1"))
        assert [request.headers["x-client-request-id"] for request in server.requests] == ["order-17"] * 2
        assert [event.client_request_id for event in events] == ["order-17"] * 5
        assert caught.value.client_request_id == "order-17"
        assert "client request id order-17" in str(caught.value)
        assert "client request id: order-17" in caught.value.explain()
        assert [event.error.client_request_id for event in events if getattr(event, "error", None)] == ["order-17"] * 3

    def test_it_stands_in_log_records(self, mode: Mode, caplog: pytest.LogCaptureFixture) -> None:
        app = mode.app(Server([reply()]))
        with caplog.at_level("DEBUG", "hexclave"):
            mode.run(lambda: app.options(client_request_id="order-17").users.get("u1"))
            mode.run(lambda: app.users.get("u1"))
        ids = [
            vars(record)["hexclave_client_request_id"] for record in caplog.records if record.name == "hexclave.calls"
        ]
        assert ids == ["order-17", None]

    def test_without_one_nothing_is_sent(self, mode: Mode) -> None:
        server = Server([missing()])
        with pytest.raises(NotFoundError) as caught:
            mode.run(lambda: mode.app(server).users.get("u1"))
        assert "x-client-request-id" not in server.requests[0].headers
        assert caught.value.client_request_id is None


class TestUserAgent:
    def test_it_names_the_sdk_and_python(self, mode: Mode) -> None:
        server = Server([reply()])
        mode.run(lambda: mode.app(server).users.get("u1"))
        agent = server.requests[0].headers["user-agent"]
        assert re.fullmatch(rf"hexclave-python/{re.escape(hexclave.__version__)} Python/3\.\d+\.\d+", agent)

    def test_it_names_the_program_too(self, mode: Mode) -> None:
        server = Server([reply()])
        info = AppInfo("my-app", "1.2.0", url="https://example.com/bot")
        mode.run(lambda: mode.app(server, app_info=info).users.get("u1"))
        headers = server.requests[0].headers
        assert headers["user-agent"].endswith(" my-app/1.2.0 (+https://example.com/bot)")
        assert re.fullmatch(r"python @hexclave/python@[\d.]+", headers["x-stack-client-version"])

    @pytest.mark.parametrize(
        "given",
        [
            {"name": ""},
            {"name": "my app"},
            {"name": None},
            {"name": "a/b"},
            {"name": "a", "version": "1 2"},
            {"name": "a", "version": 1.2},
            {"name": "a", "url": "example.com"},
            {"name": "a", "url": "https://example.com/)"},
            {"name": "a", "url": "https://u:p@example.com"},
            {"name": "a", "url": "https://example.com/\r\nx: y"},
        ],
        ids=str,
    )
    def test_characters_not_allowed_in_the_header_are_refused(self, given: dict[str, Any]) -> None:
        with pytest.raises(UnsafeUseError, match="AppInfo: "):
            AppInfo(**given)

    def test_it_must_be_an_app_info(self, mode: Mode) -> None:
        with pytest.raises(UnsafeUseError, match="app_info must be an AppInfo"):
            mode.app(Server([reply()]), app_info="my-app/1.2")


class TestWithReply:
    def test_a_result_comes_with_its_reply(self, mode: Mode) -> None:
        server = Server([APIConnectionError("lost"), reply()])
        app = mode.app(server, retries=Retries(first_wait=0.001))
        found = mode.run(lambda: app.with_reply(lambda app: app.users.get("u1")))
        assert found.value.id == "u1"
        assert (found.status, found.request_id, found.attempts) == (200, "r1", 2)
        assert found.headers["x-ratelimit-limit"] == "9"
        (only,) = found.replies
        assert (only.operation, only.method, only.url) == (
            "get_user",
            "GET",
            "https://api.hexclave.com/api/v1/users/u1",
        )
        assert "u1" not in repr(found)

    def test_headers_with_secrets_are_redacted(self, mode: Mode) -> None:
        found = mode.run(lambda: mode.app(Server([reply()])).with_reply(lambda app: app.users.get("u1")))
        assert (found.headers["set-cookie"], found.headers["x-stack-access-token"]) == ("****", "****")

    def test_operations_work_like_methods(self, mode: Mode) -> None:
        found = mode.run(lambda: mode.app(Server([reply()])).with_reply(lambda app: app.call(get_user("u1"))))
        assert (found.value.id, found.status) == ("u1", 200)

    def test_a_flow_has_one_reply_for_each_request_also_for_those_that_failed(self, mode: Mode) -> None:
        app = mode.app(Server([missing()]))
        found = mode.run(lambda: app.with_reply(lambda app: app.users.find("u1")))
        assert (found.value, found.status) == (None, 404)

    def test_a_page_adds_the_replies_of_the_pages_after_it(self, mode: Mode) -> None:
        page = {"items": [{"id": "u1"}], "pagination": {"next_cursor": "u2"}}
        last = {"items": [{"id": "u2"}], "pagination": {"next_cursor": None}}
        app = mode.app(Server([reply(body=page), reply(202, body=last)]))
        if mode.is_async:

            async def collected() -> Any:
                found = await app.with_reply(lambda app: app.users.list())
                return found, [user.id async for user in found.value]

            found, ids = asyncio.run(collected())
        else:
            found = app.with_reply(lambda app: app.users.list())
            assert [each.status for each in found.replies] == [200]
            ids = [user.id for user in found.value]
        assert ids == ["u1", "u2"]
        assert [each.status for each in found.replies] == [200, 202]

    def test_a_failed_call_raises_as_ever(self, mode: Mode) -> None:
        with pytest.raises(NotFoundError) as caught:
            mode.run(lambda: mode.app(Server([missing()])).with_reply(lambda app: app.users.get("u1")))
        assert (caught.value.status, caught.value.request_id, caught.value.attempts) == (404, "r1", 1)

    def test_a_token_refresh_is_not_among_the_replies(self, mode: Mode) -> None:
        tokens = Tokens(access_token=None, refresh_token="r")
        answers = [reply(body={"access_token": "a.b.c"}), reply(201)]
        app = mode.app(Server(answers)).with_session(tokens)
        found = mode.run(lambda: app.with_reply(lambda app: app.users.get("u1")))
        assert [each.status for each in found.replies] == [201]

    def test_without_a_request_there_is_no_reply(self, mode: Mode) -> None:
        app = mode.app(Server([reply()]))
        found = mode.run(lambda: app.with_reply(lambda _: app.users.get("u1")))
        with pytest.raises(LookupError, match="no request with the app"):
            _ = found.status

    def test_it_takes_a_function(self, mode: Mode) -> None:
        server = Server([reply()])
        with pytest.raises(UnsafeUseError, match=r"with_reply takes a function.*not a str"):
            mode.run(lambda: mode.app(server).with_reply("users.get"))
        assert server.requests == []

    def test_the_app_itself_and_other_options_stay_as_they_are(self, mode: Mode) -> None:
        server = Server([reply()])
        app = mode.app(server).options(client_request_id="one")
        found = mode.run(lambda: app.with_reply(lambda app: app.options(timeout=5).users.get("u1")))
        assert found.status == 200
        mode.run(lambda: app.users.get("u1"))
        assert len(found.replies) == 1
        assert server.requests[0].headers["x-client-request-id"] == "one"


def test_threads_do_not_see_each_others_replies() -> None:
    app = Mode("blocking").app(Server([reply()]))
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda index: app.with_reply(lambda app: app.users.get(f"u{index}")), range(64)))
    urls = [[each.url.rpartition("/")[2] for each in found.replies] for found in results]
    assert urls == [[f"u{index}"] for index in range(64)]


def test_tasks_do_not_see_each_others_replies() -> None:
    app = Mode("async").app(Server([reply()]))

    async def many() -> list[Any]:
        return await asyncio.gather(
            *(app.with_reply(lambda app, index=index: app.users.get(f"u{index}")) for index in range(64))
        )

    results = asyncio.run(many())
    assert [found.replies[0].url.rpartition("/")[2] for found in results] == [f"u{index}" for index in range(64)]

"""Django: settings and system checks, lazy users, asynchronous views, Django REST framework."""

import asyncio
from datetime import UTC, datetime

import django
import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.http import HttpResponse, JsonResponse
from django.test import AsyncClient, Client
from django.test.utils import override_settings
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View

MIDDLEWARE = "hexclave.integrations.django.middleware.HexclaveMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
DRF = "hexclave.integrations.django.drf.HexclaveAuthentication"

settings.configure(
    ALLOWED_HOSTS=["testserver"],
    HEXCLAVE={},
    INSTALLED_APPS=["hexclave.integrations.django"],
    MIDDLEWARE=[CSRF, MIDDLEWARE],
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [DRF], "UNAUTHENTICATED_USER": None},
    ROOT_URLCONF=__name__,
    SECRET_KEY="not-a-secret",
)
django.setup()

from rest_framework.authentication import BaseAuthentication  # noqa: E402 -- wants settings first, and so the next ones
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.throttling import UserRateThrottle  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from hexclave.errors import APIConnectionError, UnsafeUseError  # noqa: E402
from hexclave.integrations.django import (  # noqa: E402
    async_webhook_view,
    optional_user,
    require_team_member,
    require_user,
)
from hexclave.integrations.django.drf import HexclaveUser, has_permission, is_team_member  # noqa: E402
from hexclave.verify import SignedIn, SignedOut  # noqa: E402
from hexclave.webhooks import Router, sign  # noqa: E402


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def lazy(request):
    user = request.hexclave_user
    return JsonResponse({"truth": bool(user), "signed_in": user.signed_in, "is": isinstance(user, SignedIn)})


def untouched(request):
    return HttpResponse("hello")


@require_user
def me(request):
    return JsonResponse({"user": request.hexclave_user.user_id})


@require_user
async def async_me(request):
    return JsonResponse({"user": request.hexclave_user.user_id})


async def async_lazy(request):
    user = await request.hexclave_auser()
    return JsonResponse({"nobody": isinstance(user, SignedOut)})


@optional_user
async def async_hello(request):
    return JsonResponse({"known": request.hexclave_user is not None})


@require_user(cookies=True)
def page(request):
    return JsonResponse({})


@require_user(mode="api")
def account(request):
    return JsonResponse({})


@require_team_member("team_id")
def unnamed(request):
    return JsonResponse({})


@method_decorator(require_user, name="dispatch")
class ClassBased(View):
    def get(self, request):
        return JsonResponse({"user": request.hexclave_user.user_id})


class AsyncClassBased(View):
    @method_decorator(require_user)
    async def get(self, request):
        return JsonResponse({"user": request.hexclave_user.user_id})


class RestMe(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request):
        assert isinstance(request.auth, SignedIn)
        return Response({"user": request.user.pk})


class RestReports(RestMe):
    permission_classes = (has_permission("read_reports"),)


class RestTeam(RestMe):
    permission_classes = (is_team_member("team_id"),)

    def get(self, request, team_id):
        return super().get(request)


class SomebodyElse(BaseAuthentication):
    def authenticate(self, request):
        return HexclaveUser("somebody-else"), "by other means"


class RestMixed(RestMe):
    authentication_classes = (SomebodyElse,)
    permission_classes = (has_permission("read_reports"),)


class Twice(UserRateThrottle):
    rate = "2/min"


class RestThrottled(RestMe):
    throttle_classes = (Twice,)


webhooks = Router("whsec_bm90IGEgcmVhbCB3ZWJob29rIHNlY3JldCE=")
told = []


@webhooks.on("user.created")
async def remember(event):
    told.append(event.body.data.id)


urlpatterns = [
    path("lazy", lazy),
    path("untouched", untouched),
    path("me", me),
    path("async-me", async_me),
    path("async-lazy", async_lazy),
    path("async-hello", async_hello),
    path("page", page),
    path("account", account),
    path("unnamed", unnamed),
    path("class", ClassBased.as_view()),
    path("async-class", AsyncClassBased.as_view()),
    path("rest/me", RestMe.as_view()),
    path("rest/reports", RestReports.as_view()),
    path("rest/teams/<team_id>", RestTeam.as_view()),
    path("rest/mixed", RestMixed.as_view()),
    path("rest/throttled", RestThrottled.as_view()),
    path("webhooks", async_webhook_view(webhooks)),
]


def of(world, **more):
    project = world.emulator.project
    return {
        "PROJECT_ID": project.project_id,
        "SECRET_SERVER_KEY": project.secret_server_key,
        "API_URL": world.emulator.base_url,
        **more,
    }


@pytest.fixture
def client(world):
    with override_settings(HEXCLAVE=of(world)):
        yield Client()


def found():
    return {message.id: message for message in run_checks()}


def test_the_lazy_user_is_true_only_for_users(client, world):
    everybody = {"truth": False, "signed_in": False, "is": False}
    assert client.get("/lazy").json() == everybody
    assert client.get("/lazy", headers=bearer(world.expired)).json() == everybody
    assert client.get("/lazy", headers=bearer(world.anonymous)).json() == everybody
    signed_in = client.get("/lazy", headers=bearer(world.token))
    assert signed_in.json() == {"truth": True, "signed_in": True, "is": True}
    assert signed_in.headers["cache-control"] == "private, no-store"


def test_nothing_is_requested_before_it_is_needed(client, world):
    before = len(world.emulator.requests)
    response = client.get("/untouched", headers=bearer(world.token))
    assert "cache-control" not in response.headers
    assert len(world.emulator.requests) == before


@pytest.mark.parametrize("url", ["/me", "/async-me", "/class", "/async-class", "/rest/me"])
def test_every_kind_of_view_is_guarded_by_synchronous_and_asynchronous_servers(client, world, url):
    assert client.get(url).status_code == 401
    assert client.get(url, headers=bearer(world.token)).json() == {"user": world.user_id}

    async def ask():
        served = AsyncClient()
        assert (await served.get(url)).status_code == 401
        return (await served.get(url, headers=bearer(world.token))).json()

    assert asyncio.run(ask()) == {"user": world.user_id}


def test_asynchronous_views_await_the_user(client, world):
    async def ask(**headers):
        return (await AsyncClient().get("/async-lazy", headers=headers)).json()

    assert asyncio.run(ask()) == {"nobody": True}
    assert asyncio.run(ask(**bearer(world.token))) == {"nobody": False}


def test_verifying_holds_up_no_event_loop(world):
    """A slow reply with the keys is awaited in a thread, also by decorators."""
    with override_settings(HEXCLAVE=of(world, MODE="api")):
        world.emulator.fail_next(delay=0.4, path="/api/v1/users/me")

        async def ask():
            ticks, done = 0, asyncio.Event()

            async def count():
                nonlocal ticks
                while not done.is_set():
                    await asyncio.sleep(0.01)
                    ticks += 1

            counting = asyncio.create_task(count())
            response = await AsyncClient().get("/async-me", headers=bearer(world.token))
            done.set()
            await counting
            return response.status_code, ticks

        status, ticks = asyncio.run(ask())
    assert status == 200
    assert ticks > 10


def test_optional_users_of_asynchronous_views(client, world):
    async def ask(**headers):
        response = await AsyncClient().get("/async-hello", headers=headers)
        return response.status_code, response.json()

    assert asyncio.run(ask()) == (200, {"known": False})
    assert asyncio.run(ask(**bearer(world.token))) == (200, {"known": True})
    assert asyncio.run(ask(**bearer(world.expired)))[0] == 401


def test_cookies_sign_in_only_where_they_are_asked_for(client, world):
    cookies = {"cookie": f'stack-refresh-{world.emulator.project.project_id}=r; stack-access=["r","{world.token}"]'}
    assert client.get("/page", headers=cookies).status_code == 200
    assert client.get("/me", headers=cookies).status_code == 401


def test_settings_hold_where_a_view_says_nothing_else(world):
    with override_settings(HEXCLAVE=of(world, ALLOW_ANONYMOUS=True)):
        assert Client().get("/me", headers=bearer(world.anonymous)).status_code == 200
    with override_settings(HEXCLAVE=of(world)):
        assert Client().get("/me", headers=bearer(world.anonymous)).status_code == 403


def test_an_api_that_is_away_is_no_refusal(world):
    with (
        override_settings(HEXCLAVE=of(world, API_URL="http://127.0.0.1:9", OPTIONS={"timeout": 1})),
        pytest.raises(APIConnectionError),
    ):
        Client().get("/account", headers=bearer(world.token))


def test_a_team_argument_missing_from_the_url_refuses_all_users(client, world):
    with pytest.raises(UnsafeUseError, match="no path parameter 'team_id'"):
        client.get("/unnamed", headers=bearer(world.member))


def test_good_settings_pass_the_checks(client):
    assert found() == {}


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"MODUS": "token"}, "unknown setting MODUS"),
        ({"MODE": "tokne"}, "mode: 'tokne'"),
        ({"COOKIES": "yes"}, "cookies must be True or False"),
        ({"API_KEYS": "user"}, "api_keys must be a collection"),
        ({"LEEWAY": 10_000}, "leeway must be a number from 0"),
        ({"ISSUERS": "https://auth.example.com"}, "issuers must be a list"),
        ({"API_URL": "ftp://example.com"}, "HEXCLAVE: "),
        ({"OPTIONS": {"timeuot": 1}}, "timeuot"),
        ({"OPTIONS": 5}, "OPTIONS must be a dict"),
        ({"SECRET_SERVER_KEY": ""}, "secret_server_key"),
    ],
)
def test_invalid_settings_are_reported_when_the_server_starts(world, monkeypatch, setting, says):
    monkeypatch.delenv("HEXCLAVE_SECRET_SERVER_KEY", raising=False)
    monkeypatch.delenv("STACK_SECRET_SERVER_KEY", raising=False)
    with override_settings(HEXCLAVE=of(world, **setting)):
        message = found()["hexclave.E001"]
        assert says in message.msg
        assert world.emulator.project.secret_server_key not in message.msg
        with pytest.raises(SystemCheckError, match=r"hexclave\.E001"):
            call_command("check")
        with pytest.raises(ImproperlyConfigured):  # servers that skip checks do not start either
            Client().get("/untouched")


def test_a_setting_that_is_not_a_dict_is_reported(world):
    with override_settings(HEXCLAVE="key"):
        assert "must be a dict" in found()["hexclave.E001"].msg


def test_a_missing_middleware_is_reported(world):
    with override_settings(HEXCLAVE=of(world), MIDDLEWARE=[CSRF]):
        assert set(found()) == {"hexclave.E002"}
        with pytest.raises(ImproperlyConfigured, match="MIDDLEWARE"):
            Client().get("/me")


def test_cookies_without_csrf_protection_are_reported(world):
    with override_settings(HEXCLAVE=of(world, COOKIES=True), MIDDLEWARE=[MIDDLEWARE]):
        assert set(found()) == {"hexclave.W001"}
    with override_settings(HEXCLAVE=of(world, COOKIES=True)):
        assert found() == {}


def test_rest_framework_answers_with_what_was_missing(client, world):
    for token, status, code in (
        (world.expired, 401, "ACCESS_TOKEN_EXPIRED"),
        (world.restricted, 403, "RESTRICTED_USER_NOT_ALLOWED"),
    ):
        response = client.get("/rest/me", headers=bearer(token))
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert response.headers["www-authenticate"].startswith('Bearer realm="hexclave", error=')
        assert response.headers["cache-control"] == "private, no-store"
    nobody = client.get("/rest/me")
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, 'Bearer realm="hexclave"')


def test_rest_framework_asks_for_permissions_and_members(client, world):
    assert client.get("/rest/reports", headers=bearer(world.reader)).status_code == 200
    refused = client.get("/rest/reports", headers=bearer(world.token))
    assert refused.status_code == 403
    assert refused.json() == {
        "code": "PROJECT_PERMISSION_REQUIRED",
        "error": "The user does not have the permission read_reports.",
        "details": {"user_id": world.user_id, "permission_id": "read_reports"},
    }
    assert client.get("/rest/reports").status_code == 401
    assert client.get(f"/rest/teams/{world.team_id}", headers=bearer(world.member)).status_code == 200
    assert client.get(f"/rest/teams/{world.team_id}", headers=bearer(world.token)).status_code == 403


def test_permissions_are_not_those_of_a_token_beside_another_sign_in(client, world):
    assert client.get("/rest/mixed", headers=bearer(world.reader)).status_code == 403


def test_rest_framework_throttles_each_user(client, world):
    statuses = [client.get("/rest/throttled", headers=bearer(world.token)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert client.get("/rest/throttled", headers=bearer(world.reader)).status_code == 200


def test_asynchronous_functions_take_webhooks(client, world):
    body = b'{"type": "user.created", "data": {"id": "user-1"}}'
    headers = sign(body, "whsec_bm90IGEgcmVhbCB3ZWJob29rIHNlY3JldCE=", webhook_id="msg_1", sent_at=datetime.now(UTC))
    outcomes = [
        Client(enforce_csrf_checks=True)
        .post("/webhooks", body, content_type="application/json", headers=headers)
        .json()["outcome"]
        for _ in range(2)
    ]
    assert outcomes == ["handled", "duplicate"]
    assert told == ["user-1"]

"""A Django backend for a browser app that signs users in; the whole project is in one file.

    python examples/django_app.py runserver
    gunicorn --threads 8 examples.django_app:application
    uvicorn examples.django_app:asgi

The keys are read from HEXCLAVE_PROJECT_ID and HEXCLAVE_SECRET_SERVER_KEY, the webhook secret from
HEXCLAVE_WEBHOOK_SECRET.
"""

import os
import secrets
import sys
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

settings.configure(
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    HEXCLAVE={},
    INSTALLED_APPS=["hexclave.integrations.django"],
    MIDDLEWARE=[
        "django.middleware.csrf.CsrfViewMiddleware",
        "hexclave.integrations.django.middleware.HexclaveMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("DJANGO_SECRET_KEY") or secrets.token_urlsafe(),
)
django.setup()

from hexclave.integrations.django import (  # noqa: E402 -- Django needs its settings first
    HexclaveRequest,
    OptionalUserRequest,
    api_app,
    optional_user,
    require_permission,
    require_team_member,
    require_user,
    webhook_view,
)
from hexclave.webhooks import Router, WebhookEvent  # noqa: E402 -- as above

webhooks = Router(os.environ["HEXCLAVE_WEBHOOK_SECRET"])
new_users: list[str] = []


@optional_user
def hello(request: OptionalUserRequest) -> JsonResponse:
    """Allows all requests."""
    user = request.hexclave_user
    return JsonResponse({"user": user.user_id if user else None})


@require_user
async def me(request: HexclaveRequest) -> JsonResponse:
    """Allows signed-in users."""
    return JsonResponse({"user": request.hexclave_user.user_id})


@require_user
def profile(request: HexclaveRequest) -> JsonResponse:
    """Returns the user's profile, fetched from the API with the server key."""
    return JsonResponse({"name": api_app().users.get(request.hexclave_user.user_id).display_name})


@require_user(allow_restricted=True)
def welcome(request: HexclaveRequest) -> JsonResponse:
    """Also allows users who have not verified their email yet."""
    return JsonResponse({"user": request.hexclave_user.user_id})


@require_user(allow_anonymous=True)
def cart(request: HexclaveRequest) -> JsonResponse:
    """Also allows anonymous users."""
    return JsonResponse({"user": request.hexclave_user.user_id})


@require_user(api_keys={"user"})
def export(request: HexclaveRequest) -> JsonResponse:
    """Also allows scripts with an API key of their user."""
    return JsonResponse({"user": request.hexclave_user.user_id})


@require_user(mode="api")
def account(request: HexclaveRequest) -> JsonResponse:
    """Allows users who still exist and are not restricted, checked with the API for each request."""
    return JsonResponse({"user": request.hexclave_user.user_id})


@require_permission("read_reports")
def reports(_request: HexclaveRequest) -> JsonResponse:
    """Allows users with a permission in the project."""
    return JsonResponse({"reports": []})


@require_team_member("team_id")
def team(request: HexclaveRequest, team_id: str) -> JsonResponse:
    """Allows members of the team."""
    return JsonResponse({"team": team_id, "user": request.hexclave_user.user_id})


@csrf_exempt  # Requests are authenticated by a header, which browsers never attach automatically.
@require_POST
@require_permission("write_documents", team="team_id")
def write(request: HexclaveRequest, team_id: str) -> JsonResponse:
    """Allows members with a permission in the team."""
    return JsonResponse({"team": team_id, "user": request.hexclave_user.user_id})


@webhooks.on("user.created")
def remember(event: WebhookEvent[Any]) -> None:
    new_users.append(event.body.data.id)


def list_new_users(_request: HttpRequest) -> JsonResponse:
    """Returns the IDs of new users, as received by webhooks."""
    return JsonResponse(new_users, safe=False)


urlpatterns = [
    path("hello", hello),
    path("me", me),
    path("profile", profile),
    path("welcome", welcome),
    path("cart", cart),
    path("export", export),
    path("account", account),
    path("reports", reports),
    path("teams/<team_id>", team),
    path("teams/<team_id>/documents", write),
    path("webhooks", webhook_view(webhooks)),
    path("new-users", list_new_users),
]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
else:
    application = get_wsgi_application()
    asgi = get_asgi_application()

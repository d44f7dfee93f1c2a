"""A Django project with the admin, whose users sign in on the pages; sessions are in Django's database."""

import os
import sys

import django
from django.conf import settings
from django.core.management import execute_from_command_line

from hexclave.integrations.django.sessions import DjangoSessions

CONTRIB = ("admin", "auth", "contenttypes", "sessions", "messages")
BACKEND = "hexclave.integrations.django.backends.SessionBackend"
TEMPLATES = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "APP_DIRS": True,
    "OPTIONS": {
        "context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]
    },
}
settings.configure(
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    AUTHENTICATION_BACKENDS=[BACKEND],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    HEXCLAVE_SIGN_IN={"SESSIONS": DjangoSessions()},
    INSTALLED_APPS=[f"django.contrib.{name}" for name in CONTRIB],
    LOGIN_URL="/auth/sign-in",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "hexclave.integrations.django.sign_in.SignInMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="k" * 50,
    STATIC_URL="/static/",
    TEMPLATES=[TEMPLATES],
)
django.setup()

from django.contrib import admin  # noqa: E402 -- Django needs its settings first
from django.contrib.auth import authenticate, login  # noqa: E402
from django.contrib.auth.decorators import login_required  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402

admin.site.login = login_required(admin.site.login)  # type: ignore[method-assign]


def who(request: HttpRequest) -> JsonResponse:
    user = authenticate(request)
    if user is not None and "login" in request.GET:
        login(request, user, backend=BACKEND)
    name = None if user is None else user.get_username()
    return JsonResponse([name, request.user.get_username()], safe=False)


urlpatterns = [
    path("admin/", admin.site.urls),
    path("auth/", include("hexclave.integrations.django.sign_in_urls")),
    path("who", who),
]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)

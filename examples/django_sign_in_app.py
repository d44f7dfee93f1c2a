"""A Django project with sign-in pages in one file: users sign in below /auth and become local users of Django.

    python examples/django_sign_in_app.py migrate
    python examples/django_sign_in_app.py runserver

The keys are read from HEXCLAVE_PROJECT_ID and HEXCLAVE_PUBLISHABLE_CLIENT_KEY, the secret that encrypts cookies from
SESSION_SECRET.
"""

import os
import sys

import django
from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application

settings.configure(
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("DATABASE", "db.sqlite3")}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    LOGIN_URL="/auth/sign-in",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "hexclave.integrations.django.sign_in.SignInMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ["SESSION_SECRET"],
)
django.setup()

from django.contrib.auth.decorators import login_required  # noqa: E402 -- Django needs its settings first
from django.http import HttpResponse, JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils.html import format_html  # noqa: E402

from hexclave.integrations.django.sign_in import SessionRequest  # noqa: E402

PAGE = '<!doctype html><html lang="en"><title>Example</title><main><h1>{}</h1><p><a href="{}">{}</a></p></main>'


def home(request: SessionRequest) -> HttpResponse:
    user = request.hexclave.user()
    if user is None:
        return HttpResponse(format_html(PAGE, "Hello, stranger", "/auth/sign-in", "Sign in"))
    return HttpResponse(format_html(PAGE, f"Hello, {user.email}", "/auth/account", "Your account"))


@login_required
def documents(request: SessionRequest) -> HttpResponse:
    teams = [team.display_name for team in request.hexclave.app.teams.list()]  # called as the user
    return JsonResponse({"user": request.user.get_username(), "teams": teams})


urlpatterns = [
    path("", home),
    path("documents", documents),
    path("auth/", include("hexclave.integrations.django.sign_in_urls")),
]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
else:
    application = get_wsgi_application()

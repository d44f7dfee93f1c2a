"""URLs of the sign-in pages: `path("auth/", include("hexclave.integrations.django.sign_in_urls"))`."""

from django.urls import path

from hexclave.integrations.django.sign_in import page

__all__ = ["app_name", "urlpatterns"]

app_name = "hexclave"
urlpatterns = [path("<path:name>", page, name="page")]

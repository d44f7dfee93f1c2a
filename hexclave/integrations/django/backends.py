"""An authentication backend for Django, with which the sign-in pages are the only way to sign in.

AUTHENTICATION_BACKENDS = ["hexclave.integrations.django.backends.SessionBackend"]
"""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from hexclave.integrations.django.sign_in import session_local_user

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

__all__ = ["SessionBackend"]


class SessionBackend(ModelBackend):
    """Authenticates requests by the browser's Hexclave session; permissions and groups are those of the local user.

    `authenticate(request)` returns the local user of the session, or `None`. Local passwords are not accepted. A user
    given to `login()` is not remembered in Django's own session, which would outlast the Hexclave session.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> "AbstractBaseUser | None":
        if request is None or username is not None or password is not None or kwargs:
            return None
        return session_local_user(request)

    def get_user(self, user_id: Any) -> None:  # noqa: ARG002 - Django's signature
        return None

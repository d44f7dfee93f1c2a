"""Django REST framework integration.

    REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": ["hexclave.integrations.django.drf.HexclaveAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    }

Needs `djangorestframework`, and the middleware of `hexclave.integrations.django`.
"""

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from hexclave.integrations._guard import Requirement
from hexclave.integrations._refused import Refused, no_user
from hexclave.integrations.django._requests import visit_of
from hexclave.integrations.django._settings import installed
from hexclave.verify import AuthenticationResult, InvalidCredentials, SignedIn
from hexclave_api.operation import UNSET, Unset

if TYPE_CHECKING:
    # It imports the classes in the settings, so importing it here would be circular.
    from rest_framework.views import APIView

__all__ = ["HexclaveAuthentication", "HexclaveUser", "has_permission", "is_team_member"]


@attrs.frozen
class HexclaveUser:
    """`request.user`, with the attributes that Django REST framework needs. `request.auth` is the `SignedIn`."""

    pk: str
    """The user's ID."""
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True

    def __str__(self) -> str:
        return self.pk


class HexclaveAuthentication(BaseAuthentication):
    """Authentication by the options in the settings. Invalid credentials get 401, users who are not allowed 403."""

    def authenticate(self, request: Request) -> tuple[HexclaveUser, SignedIn] | None:
        """Return the user and the `SignedIn`, or `None` for requests without credentials."""
        result = _result(request)
        if isinstance(result, SignedIn):
            return HexclaveUser(result.user_id), result
        if isinstance(result, InvalidCredentials):
            raise _exception(no_user(result))
        return None

    def authenticate_header(self, request: Request) -> str:
        """Return the `WWW-Authenticate` header, which makes the framework respond with 401."""
        return _result(request).www_authenticate


def has_permission(permission: str, *, team: str | Unset = UNSET) -> type[BasePermission]:
    """Return a permission class that requires the permission, in the team of the URL argument `team` if given.

    Each request calls the API: GET /team-permissions or GET /project-permissions.

    Raises:
        UnsafeUseError: an argument is invalid.
    """
    return _permission_class(Requirement.of(permission, team))


def is_team_member(team: str) -> type[BasePermission]:
    """Return a permission class that requires membership of the team whose ID is in the URL argument `team`.

    Each request calls the API: GET /team-member-profiles/{team_id}/{user_id}.

    Raises:
        UnsafeUseError: an argument is invalid.
    """
    return _permission_class(Requirement.of(team=team))


def _permission_class(requirement: Requirement) -> type[BasePermission]:
    class HexclavePermission(BasePermission):
        def has_permission(self, request: Request, view: "APIView") -> bool:
            # Users of another authentication class have no permissions here.
            if not isinstance(request.auth, SignedIn):
                return False
            app = installed()
            try:
                app.guard.admit(visit_of(request), app.options, requirement, view.kwargs)
            except Refused as refused:
                failure = _exception(refused)
            else:
                return True
            raise failure

    return HexclavePermission


def _result(request: Request) -> AuthenticationResult:
    app = installed()
    return app.guard.identify(visit_of(request), app.options)


def _exception(refused: Refused) -> APIException:
    kind = AuthenticationFailed if refused.status_code == 401 else PermissionDenied
    body: Any = dict(refused.body)
    error: Any = kind(body)
    error.auth_header = refused.headers["www-authenticate"]
    return error  # type: ignore[no-any-return]

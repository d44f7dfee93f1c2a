"""Decorators for sync and async views."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, Unpack, overload

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponseBase

from hexclave.integrations._guard import NOTHING, Options, Requirement
from hexclave.integrations._refused import Refused
from hexclave.integrations.django._requests import refusal, visit_of
from hexclave.integrations.django._settings import installed
from hexclave.verify import AuthenticateOptions, SignedIn
from hexclave_api.operation import UNSET, Unset

__all__ = ["optional_user", "require_permission", "require_team_member", "require_user"]

View = TypeVar("View", bound=Callable[..., Any])


@overload
def require_user(view: View, /) -> View: ...
@overload
def require_user(**options: Unpack[AuthenticateOptions]) -> Callable[[View], View]: ...
def require_user(view: Callable[..., Any] | None = None, /, **options: Unpack[AuthenticateOptions]) -> Any:
    """Require a signed-in user for the view, as `request.hexclave_user`; others get 401 or 403. Options are optional.

    Raises:
        UnsafeUseError: an option is invalid.
    """
    decorate: Callable[[Any], Any] = _requiring(NOTHING, options)
    return decorate if view is None else decorate(view)


@overload
def optional_user(view: View, /) -> View: ...
@overload
def optional_user(**options: Unpack[AuthenticateOptions]) -> Callable[[View], View]: ...
def optional_user(view: Callable[..., Any] | None = None, /, **options: Unpack[AuthenticateOptions]) -> Any:
    """Set `request.hexclave_user` to the user, or to `None` if signed out or not allowed.

    Invalid credentials, such as an expired token, get 401. Options are optional.

    Raises:
        UnsafeUseError: an option is invalid.
    """
    decorate: Callable[[Any], Any] = _requiring(None, options)
    return decorate if view is None else decorate(view)


def require_permission(
    permission: str, *, team: str | Unset = UNSET, **options: Unpack[AuthenticateOptions]
) -> Callable[[View], View]:
    """Require a user with the permission for the view; others get 401 or 403.

    `team` is the name of the URL argument with a team ID, which makes it a team permission. Each request calls the
    API: GET /team-permissions or GET /project-permissions.

    Raises:
        UnsafeUseError: an argument is invalid.
    """
    return _requiring(Requirement.of(permission, team), options)


def require_team_member(team: str, **options: Unpack[AuthenticateOptions]) -> Callable[[View], View]:
    """Require a member of the team whose ID is in the URL argument `team`; others get 401 or 403.

    Each request calls the API: GET /team-member-profiles/{team_id}/{user_id}.

    Raises:
        UnsafeUseError: an argument is invalid.
    """
    return _requiring(Requirement.of(team=team), options)


def _requiring(requirement: Requirement | None, options: AuthenticateOptions) -> Callable[[View], View]:
    Options.of(options)  # Validated early; the settings are only known during requests.

    def decorate(view: Any) -> Any:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            refused = _refusal(request, requirement, options, kwargs)
            return view(request, *args, **kwargs) if refused is None else refused

        @wraps(view)
        async def aguarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            # In a thread, because authentication may call the API and would block the event loop.
            refused = await sync_to_async(_refusal, thread_sensitive=False)(request, requirement, options, kwargs)
            return await view(request, *args, **kwargs) if refused is None else refused

        return aguarded if iscoroutinefunction(view) else guarded

    return decorate


def _refusal(
    request: HttpRequest, requirement: Requirement | None, options: AuthenticateOptions, path: Mapping[str, object]
) -> HttpResponseBase | None:
    app, visit = installed(), visit_of(request)
    checked = Options.of(options, app.options)
    user: SignedIn | None
    try:
        user = (
            app.guard.optional(visit, checked)
            if requirement is None
            else app.guard.admit(visit, checked, requirement, path)
        )
    except Refused as refused:
        return refusal(refused)
    request.hexclave_user = user  # type: ignore[attr-defined]
    return None

"""Django integration: `request.hexclave_user`, decorators that reject requests that are not allowed, and webhooks.

    INSTALLED_APPS = [..., "hexclave.integrations.django"]
    MIDDLEWARE = [..., "hexclave.integrations.django.middleware.HexclaveMiddleware"]

    @require_user
    def me(request):
        return JsonResponse({"id": request.hexclave_user.user_id})

For Django REST framework: `hexclave.integrations.django.drf`. Needs `django`.
"""

from hexclave.integrations.django._requests import HexclaveRequest, OptionalUserRequest
from hexclave.integrations.django._settings import api_app
from hexclave.integrations.django.decorators import (
    optional_user,
    require_permission,
    require_team_member,
    require_user,
)
from hexclave.integrations.django.webhooks import async_webhook_view, webhook_view

__all__ = [
    "HexclaveRequest",
    "OptionalUserRequest",
    "api_app",
    "async_webhook_view",
    "optional_user",
    "require_permission",
    "require_team_member",
    "require_user",
    "webhook_view",
]

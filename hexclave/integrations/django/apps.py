"""The Django application."""

from django.apps import AppConfig
from django.core import checks

__all__ = ["HexclaveConfig"]


class HexclaveConfig(AppConfig):
    """Adds the system checks."""

    name = "hexclave.integrations.django"
    label = "hexclave"
    verbose_name = "Hexclave"

    def ready(self) -> None:
        from hexclave.integrations.django.checks import check_settings

        checks.register(check_settings, checks.Tags.security)

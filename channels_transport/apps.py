"""The Django application of the transport. It adds the commands that run a site's processes."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class TransportConfig(AppConfig):
    """Registers the commands. INSTALLED_APPS must list it before `channels`, whose commands it replaces."""

    name = "channels_transport"
    verbose_name = "Channels transport"

    def ready(self) -> None:
        """Register the system checks."""
        from .checks import check_commands, check_delay, check_layers

        for check in (check_commands, check_layers, check_delay):
            checks.register(check)

"""The Django application of the transport. It adds commands and system checks, and replaces parts of Channels."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks


class TransportConfig(AppConfig):
    """
    Replaces parts of Channels with parts of this package, and registers the system checks.

    INSTALLED_APPS must list it before `channels`, whose commands it replaces.
    """

    name = "channels_transport"
    verbose_name = "Channels transport"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django creates the applications before it imports their models, which may import consumers.
        from .replacement import replace_channels

        replace_channels()

    def ready(self) -> None:
        """Register the system checks, and count the statements of the database."""
        from django.db.backends.signals import connection_created

        from .checks import check_commands, check_delay, check_layers, check_session_engines
        from .counting import watch_connection

        connection_created.connect(watch_connection)
        for check in (check_commands, check_layers, check_session_engines, check_delay):
            checks.register(check)

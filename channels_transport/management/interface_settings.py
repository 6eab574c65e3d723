"""The check of the interface's settings that each command with an interface server runs when it starts."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from channels_transport.interface import Server


def check_interface_settings() -> None:
    """Raise CommandError, with one sentence, if a setting of the interface is wrong."""
    try:
        Server.check_settings()
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from None

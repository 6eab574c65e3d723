"""The system checks of the transport: whether a site runs this package's commands."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.management import get_commands, load_command_class

COMMANDS = ("runworker", "runserver", "rundelay")


def check_commands(**kwargs: Any) -> list[checks.CheckMessage]:
    """Report each command of this package for which Django would run the command of another app."""
    found: list[checks.CheckMessage] = []
    owners = get_commands()
    for name in COMMANDS:
        command = type(load_command_class("channels_transport", name))
        owner = owners.get(name)
        if owner == "channels_transport" or isinstance(load_command_class(owner, name), command):
            continue
        found.append(
            checks.Error(
                f"`manage.py {name}` is the command of {owner}, not that of channels_transport.",
                hint=f'Put "channels_transport" before "{owner}" in INSTALLED_APPS.',
                id="channels_transport.E001",
            )
        )
    return found

"""The system checks of the transport: whether a site runs this package's commands, and which settings cannot work."""

from __future__ import annotations

from typing import Any

from channels import DEFAULT_CHANNEL_LAYER
from django.conf import settings
from django.core import checks
from django.core.management import get_commands, load_command_class
from django.utils.module_loading import import_string

from .stock_layers import is_own

COMMANDS = ("runworker", "runserver", "rundelay")
OWN_ENGINE = "channels_transport.sessions"
COOKIE_ENGINE = "django.contrib.sessions.backends.signed_cookies"


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


def check_session_engines(**kwargs: Any) -> list[checks.CheckMessage]:
    """Report an engine that cannot store channel sessions."""
    engine = getattr(settings, "CHANNEL_SESSION_ENGINE", settings.SESSION_ENGINE)
    if engine == COOKIE_ENGINE:
        return [
            checks.Error(
                "Channel sessions cannot be stored in signed cookies, because no browser sends them with a frame.",
                hint=f'Set CHANNEL_SESSION_ENGINE = "{OWN_ENGINE}". SESSION_ENGINE may stay.',
                id="channels_transport.E002",
            )
        ]
    backend = _find_backend(DEFAULT_CHANNEL_LAYER)
    if engine == OWN_ENGINE and backend is not None and not is_own(backend):
        return [
            checks.Error(
                f"The engine {OWN_ENGINE} stores channel sessions in the default channel layer, but this layer is "
                f"{backend.__module__}.{backend.__qualname__}.",
                hint="Use a layer of channels_transport as the default layer, or another CHANNEL_SESSION_ENGINE.",
                id="channels_transport.E003",
            )
        ]
    return []


def check_layers(**kwargs: Any) -> list[checks.CheckMessage]:
    """Report a default layer of another package. Such a layer works in the test cases of Channels only."""
    backend = _find_backend(DEFAULT_CHANNEL_LAYER)
    if backend is None or is_own(backend):
        return []
    return [
        checks.Warning(
            f"The default channel layer is {backend.__module__}.{backend.__qualname__}, so `runserver` and `interface` "
            "cannot run.",
            hint="Use channels_transport.layer.RedisChannelLayer, or channels_transport.memory.MemoryChannelLayer "
            "within one process. Tests may keep the layer.",
            id="channels_transport.W001",
        )
    ]


def _find_backend(alias: str) -> Any:
    """Return the class of a layer, or None if there is no such layer, or its class cannot be imported."""
    try:
        return import_string(settings.CHANNEL_LAYERS[alias]["BACKEND"])
    except (AttributeError, KeyError, ImportError):
        # Channels itself reports this when the layer is first used.
        return None

"""
The system checks of the transport: whether a site's settings let this package work.

They need no network: `manage.py check` runs everywhere. `manage.py doctor` examines Redis, also its version.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from channels import DEFAULT_CHANNEL_LAYER
from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.management import get_commands, load_command_class
from django.utils.module_loading import import_string

from .stock_layers import is_own

COMMANDS = ("runworker", "runserver", "rundelay")
OWN_ENGINE = "channels_transport.sessions"
COOKIE_ENGINE = "django.contrib.sessions.backends.signed_cookies"
DELAY_CHANNEL = "asgi.delay"
STOCK_MEMORY = "asgiref.inmemory.ChannelLayer"
# {the path of a layer: the path of its counterpart in this package, which takes the same CONFIG}
COUNTERPARTS = {
    "asgi_redis.RedisChannelLayer": "channels_transport.layer.RedisChannelLayer",
    "asgi_redis.core.RedisChannelLayer": "channels_transport.layer.RedisChannelLayer",
    "asgi_redis.RedisSentinelChannelLayer": "channels_transport.sentinel.RedisSentinelChannelLayer",
    "asgi_redis.sentinel.RedisSentinelChannelLayer": "channels_transport.sentinel.RedisSentinelChannelLayer",
    "asgi_redis.RedisLocalChannelLayer": "channels_transport.local.RedisLocalChannelLayer",
    "asgi_redis.local.RedisLocalChannelLayer": "channels_transport.local.RedisLocalChannelLayer",
    STOCK_MEMORY: "channels_transport.memory.MemoryChannelLayer",
}
DEFAULT_COUNTERPART = "channels_transport.layer.RedisChannelLayer"


def check_commands(**kwargs: Any) -> list[checks.CheckMessage]:
    """Report the commands of this package that another app replaces with a command that is not derived from ours."""
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
    """Report a default layer of another package. Most commands of this package cannot run with such a layer."""
    backend = _find_backend(DEFAULT_CHANNEL_LAYER)
    if backend is None or is_own(backend):
        return []
    path = settings.CHANNEL_LAYERS[DEFAULT_CHANNEL_LAYER]["BACKEND"]
    counterpart = COUNTERPARTS.get(path, DEFAULT_COUNTERPART)
    same = ", with the same CONFIG" if path in COUNTERPARTS else ""
    # `runserver` itself replaces the layer in memory.
    commands = "`interface` and `runworker`" if path == STOCK_MEMORY else "`runserver`, `interface` and `runworker`"
    return [
        checks.Warning(
            f"The default channel layer is {path}, so {commands} cannot run.",
            hint=f'Set BACKEND to "{counterpart}"{same}. Tests may keep the layer.',
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


def check_delay(**kwargs: Any) -> list[checks.CheckMessage]:
    """Report the modules of the site that delay messages, if the app that stores these messages is not installed."""
    if apps.is_installed("channels.delay"):
        return []
    names = sorted(name for name, source in _read_site() if f'"{DELAY_CHANNEL}"' in source.replace("'", '"'))
    if not names:
        return []
    return [
        checks.Warning(
            f"{', '.join(names)} sends to {DELAY_CHANNEL}, but no delay server can run without channels.delay.",
            hint='Add "channels.delay" to INSTALLED_APPS, run `manage.py migrate`, and start `manage.py rundelay`.',
            id="channels_transport.W002",
        )
    ]


def _read_site() -> Iterator[tuple[str, str]]:
    """Yield the name and the source of each module of the site that its routing or its apps have imported."""
    for given in getattr(settings, "CHANNEL_LAYERS", {}).values():
        # Importing the routing imports the consumers. Channels itself reports a routing that cannot be imported.
        with suppress(Exception):
            import_string(given["ROUTING"])
    roots = {config.name for config in apps.get_app_configs()} - {"channels", "channels_transport"}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and path.endswith(".py") and not name.startswith("django.") and _is_within(name, roots):
            yield name, Path(path).read_text(encoding="utf-8", errors="replace")


def _is_within(name: str, roots: set[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:length]) in roots for length in range(1, len(parts) + 1))

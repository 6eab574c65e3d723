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

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.management import get_commands, load_command_class
from django.utils.module_loading import import_string

COMMANDS = ("runworker", "runserver", "rundelay")
DELAY_CHANNEL = "asgi.delay"
# The classes that have a counterpart here, which takes the same CONFIG.
COUNTERPARTS = {
    "asgi_redis.RedisChannelLayer": "channels_transport.layer.RedisChannelLayer",
    "asgi_redis.core.RedisChannelLayer": "channels_transport.layer.RedisChannelLayer",
    "asgi_redis.RedisSentinelChannelLayer": "channels_transport.sentinel.RedisSentinelChannelLayer",
    "asgi_redis.sentinel.RedisSentinelChannelLayer": "channels_transport.sentinel.RedisSentinelChannelLayer",
    "asgi_redis.RedisLocalChannelLayer": "channels_transport.local.RedisLocalChannelLayer",
    "asgi_redis.local.RedisLocalChannelLayer": "channels_transport.local.RedisLocalChannelLayer",
    "asgiref.inmemory.ChannelLayer": "channels_transport.memory.MemoryChannelLayer",
}
DEFAULT_COUNTERPART = "channels_transport.layer.RedisChannelLayer"


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


def check_layers(**kwargs: Any) -> list[checks.CheckMessage]:
    """
    Report each channel layer that is not of this package. Its commands would fail with such a layer.

    For asgiref's layer in memory this is a warning, because tests may use that layer.
    """
    found: list[checks.CheckMessage] = []
    for alias, given in getattr(settings, "CHANNEL_LAYERS", {}).items():
        path = given.get("BACKEND", "")
        if _is_supported(path):
            continue
        counterpart = COUNTERPARTS.get(path, DEFAULT_COUNTERPART)
        same = ", with the same CONFIG" if path in COUNTERPARTS else ""
        is_for_tests = path.startswith("asgiref.inmemory.")
        found.append(
            (checks.Warning if is_for_tests else checks.Error)(
                f"The channel layer {path} of CHANNEL_LAYERS[{alias!r}] does not work with this package's commands.",
                hint=f'Set BACKEND to "{counterpart}"{same}.',
                id="channels_transport.W002" if is_for_tests else "channels_transport.E002",
            )
        )
    return found


def _is_supported(path: str) -> bool:
    try:
        return hasattr(import_string(path), "is_shared")
    except Exception:
        return True  # Channels itself reports a class that cannot be imported


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
            id="channels_transport.W001",
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

"""The settings of the site before the move."""

import os

from talk.common_settings import *  # noqa: F403
from talk.common_settings import REDIS_URL, bridge

INSTALLED_APPS = [
    "channels_transport",
    "channels",
    "channels.delay",
    "before",
    "talk",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_transport.layer.RedisChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "capacity": int(os.environ.get("CAPACITY", "20000"))},
        "ROUTING": "before.routing.channel_routing",
    }
}
CHANNEL_SESSION_ENGINE = "channels_transport.sessions"
BRIDGE = bridge("before", "after")

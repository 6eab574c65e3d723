"""The settings of the site after the move."""

import os

from talk.common_settings import *  # noqa: F403
from talk.common_settings import REDIS_URL, bridge

INSTALLED_APPS = [
    "channels",
    "after",
    "talk",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
# The ids stay integers, as on Django 2.2. Without this setting, Django 6.0 would want migrations to BigAutoField.
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
ASGI_APPLICATION = "after.asgi.application"
# By default, redis-py 8 ends each read after 5 s, and refuses more than 100 connections. The layer itself waits for
# 5 s, so each idle websocket would be closed with 1011. Many sockets that disconnect at once need many connections.
HOST = {"address": REDIS_URL, "socket_timeout": 20, "max_connections": 5000}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [HOST],
            "prefix": "after",  # not `transport:`, the prefix of the old site
            "capacity": int(os.environ.get("CAPACITY", "20000")),
        },
    }
}
# The next three settings are for the time when the old site also runs. Remove them afterwards: see after/logins.py.
SESSION_ENGINE = "after.sessions"
PASSWORD_HASHERS = ["after.logins.Hasher"]
KEEPS_OLD_LOGINS = True
BRIDGE = bridge("after", "before")

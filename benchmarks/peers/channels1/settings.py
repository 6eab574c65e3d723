"""
Settings of a site from the Channels 1.x tutorial, with stock parts: channel sessions in the session table.

TUNED=1 applies the usual advice of that time: persistent database connections, and a capacity of 10,000 messages per
channel. The environment of the tuned stack also contains hiredis, which parses the replies of Redis in C.
"""

import os

from django.db.backends.signals import connection_created
from django.dispatch import receiver

IS_TUNED = os.environ.get("TUNED") == "1"

SECRET_KEY = "for measuring only"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "channels",
    "benchmarks.tutorial",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
MIDDLEWARE = []
ROOT_URLCONF = "benchmarks.tutorial.urls"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["DATABASE"],
        "OPTIONS": {"timeout": 20},
        "CONN_MAX_AGE": 600 if IS_TUNED else 0,
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "asgi_redis.RedisChannelLayer",
        "CONFIG": {"hosts": [os.environ["REDIS_URL"]], **({"capacity": 10000} if IS_TUNED else {})},
        "ROUTING": "benchmarks.tutorial.routing.channel_routing",
    }
}


@receiver(connection_created)
def set_synchronous_normal(connection, **kwargs):
    """Set synchronous=NORMAL, as all stacks do. The file does not store this setting, so each connection sets it."""
    connection.cursor().execute("PRAGMA synchronous = NORMAL")

"""
A site as the Channels 1.x tutorial makes it, on stock parts: channel sessions in the session table.

TUNED=1 gives it what people advised then: connections that stay open, and room for 10,000 messages in a channel (the
parser in C comes with its environment).
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
def use_the_same_database_settings(connection, **kwargs):
    """As everybody else has here. The write-ahead log stays in the file; this does not."""
    connection.cursor().execute("PRAGMA synchronous = NORMAL")

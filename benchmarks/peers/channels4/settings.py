"""A site as the Channels 4 tutorial makes it, with SQLite as everybody has it here."""

import os

IS_TUNED = os.environ.get("TUNED") == "1"
IS_BATCHING = os.environ.get("BATCHING") == "1"

SECRET_KEY = "for measuring only"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "channels",
    "benchmarks.peers.channels4",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
MIDDLEWARE = []
ROOT_URLCONF = "benchmarks.tutorial.urls"
ASGI_APPLICATION = "benchmarks.peers.channels4.asgi.application"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["DATABASE"],
        # A tutorial leaves it at 0: each event closes the connection that it finds in its thread.
        "CONN_MAX_AGE": None if IS_TUNED else 0,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # The write-ahead log stays in the file; this does not.
            "init_command": "PRAGMA synchronous = NORMAL;",
        },
    }
}
LAYERS = {
    "redis": "channels_redis.core.RedisChannelLayer",
    "pubsub": "benchmarks.peers.channels4.tuned.Layer" if IS_TUNED else "channels_redis.pubsub.RedisPubSubChannelLayer",
}
# The client's own limit is 100 connections, over which it raises; several hundred sockets that leave at once pass it.
HOST = {"address": os.environ["REDIS_URL"], "max_connections": 5000}
CHANNEL_LAYERS = {"default": {"BACKEND": LAYERS[os.environ["LAYER"]], "CONFIG": {"hosts": [HOST]}}}

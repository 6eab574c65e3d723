"""Settings of a site from the Channels 4 tutorial, with the SQLite options that all stacks have."""

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
        # The tutorial keeps the default, 0: each event closes the database connection of its thread.
        "CONN_MAX_AGE": None if IS_TUNED else 0,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # The database file stores the journal mode (WAL), but not this setting, so each connection sets it.
            "init_command": "PRAGMA synchronous = NORMAL;",
        },
    }
}
LAYERS = {
    "redis": "channels_redis.core.RedisChannelLayer",
    "pubsub": "benchmarks.peers.channels4.tuned.Layer" if IS_TUNED else "channels_redis.pubsub.RedisPubSubChannelLayer",
}
# By default the client of Redis has at most 100 connections, and raises an error when it needs more. Several hundred
# sockets that disconnect at once need more. By default, the reads of redis-py 8 also time out after 5 s. The layer
# waits up to 5 s for a message, so the read of an idle websocket would time out first. The websocket would then be
# closed with 1011.
HOST = {"address": os.environ["REDIS_URL"], "max_connections": 5000, "socket_timeout": 20}
CHANNEL_LAYERS = {"default": {"BACKEND": LAYERS[os.environ["LAYER"]], "CONFIG": {"hosts": [HOST]}}}

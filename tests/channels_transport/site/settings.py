"""The smallest settings of a Channels 1.x site on the transport. Tests change them with environment variables."""

import os

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "channels_transport",  # before channels, whose runserver it replaces
    "channels",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
ROOT_URLCONF = "tests.channels_transport.site.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True

_SERVER = os.environ["REDIS_URL"].rpartition("/")[0]

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_transport.layer.RedisChannelLayer",
        "CONFIG": {
            "hosts": [f"{_SERVER}/{number}" for number in range(int(os.environ.get("SITE_HOSTS", "1")))],
            "symmetric_encryption_keys": os.environ.get("SITE_KEYS", "").split(),
            "prefix": "asgi:",
            "capacity": int(os.environ.get("SITE_CAPACITY", "10000")),
            "channel_capacity": {"nobody.listens": 2},
            "connection_kwargs": {"socket_timeout": 6, "socket_connect_timeout": 5},
        },
        "ROUTING": "tests.channels_transport.site.routing.channel_routing",
    }
}
INTERFACE_FILES = {
    "paths": [r"/upload/"],
    "create": "tests.channels_transport.site.files.create",
    "read": "tests.channels_transport.site.files.read",
}
CHANNEL_SESSION_ENGINE = "channels_transport.sessions"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}

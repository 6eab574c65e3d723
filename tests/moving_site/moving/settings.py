"""
The settings of a site that moves from stock Channels to the package. Only the two settings of the guide differ.

`SITE_TRANSPORT` selects the package. `SITE_REDIS` is the URL of Redis. With `SITE_PREFIX`, a test sets a wrong prefix.
"""

import os

BASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SECRET_KEY = "of a site that only tests use"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "channels",
    "channels.delay",
    "echoes",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
ROOT_URLCONF = "moving.urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(BASE_DIR, "database.sqlite3"),
        "OPTIONS": {"timeout": 30},
    }
}
USE_TZ = True

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "asgi_redis.RedisChannelLayer",
        "CONFIG": {"hosts": [os.environ["SITE_REDIS"]], "capacity": 1000},
        "ROUTING": "moving.routing.channel_routing",
    }
}
if os.environ.get("SITE_PREFIX"):
    CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = os.environ["SITE_PREFIX"]
if os.environ.get("SITE_TRANSPORT"):
    INSTALLED_APPS.insert(0, "channels_transport")
    CHANNEL_LAYERS["default"]["BACKEND"] = "channels_transport.layer.RedisChannelLayer"

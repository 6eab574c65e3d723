"""
Settings for the tutorial on our transport, with the product's database and Redis.

For stock Channels 1.x, benchmarks/peers/channels1 has the settings.
"""

from chatproj.settings import CHANNEL_LAYERS, DATABASES  # noqa: F401

SECRET_KEY = "for measuring only"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "channels_transport",
    "channels",
    "benchmarks.tutorial",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
MIDDLEWARE = []
ROOT_URLCONF = "benchmarks.tutorial.urls"
USE_TZ = True
TRUSTED_PROXIES = 0
CHANNEL_LAYERS["default"]["ROUTING"] = "benchmarks.tutorial.routing.channel_routing"
CHANNEL_SESSION_ENGINE = "channels_transport.sessions"
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"handlers": []}}

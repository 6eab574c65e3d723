"""
The tutorial's settings, on the product's database and Redis.

LAYER=stock runs it on asgi_redis' own layer and the session table, as the tutorial did; else it is on our transport.
"""
import os

from chatproj.settings import CHANNEL_LAYERS, DATABASES  # noqa: F401

SECRET_KEY = "for measuring only"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "chatproj",
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
if os.environ.get("LAYER") == "stock":
    CHANNEL_LAYERS["default"]["BACKEND"] = "asgi_redis.RedisChannelLayer"
else:
    CHANNEL_SESSION_ENGINE = "chatproj.transport.sessions"
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"handlers": []}}

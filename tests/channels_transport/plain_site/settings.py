"""
The settings of the plain site. Environment variables choose what a test compares.

With `PLAIN_TRANSPORT`, the site uses the transport instead of Channels alone; only settings in this file differ.
`PLAIN_ENGINE` is the session engine, and `PLAIN_CHANNEL_ENGINE` the engine of channel sessions, if it differs.
"""

import os
import tempfile

IS_ON_TRANSPORT = bool(os.environ.get("PLAIN_TRANSPORT"))
_FOLDER = os.environ.get("PLAIN_FOLDER") or tempfile.gettempdir()

SECRET_KEY = "for tests only"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "channels",
    "channels.delay",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "tests.channels_transport.plain_site",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "tests.channels_transport.plain_site.urls"
STATIC_URL = "/static/"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": f"{_FOLDER}/plain.sqlite3",
        # Channels' live server cannot use a database in memory.
        "TEST": {"NAME": f"{_FOLDER}/test.sqlite3"},
        "OPTIONS": {"timeout": 20},
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": f"{_FOLDER}/cache"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
USE_TZ = True

SESSION_ENGINE = f"django.contrib.sessions.backends.{os.environ.get('PLAIN_ENGINE') or 'db'}"
SESSION_FILE_PATH = _FOLDER
if os.environ.get("PLAIN_CHANNEL_ENGINE"):
    CHANNEL_SESSION_ENGINE = os.environ["PLAIN_CHANNEL_ENGINE"]

_CONFIG = {"hosts": [os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")]}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "asgi_redis.RedisChannelLayer",
        "CONFIG": _CONFIG,
        "TEST_CONFIG": _CONFIG,
        "ROUTING": "tests.channels_transport.plain_site.routing.channel_routing",
    }
}
# The class of a second layer. Layers in Redis are given another prefix, as two sites on one Redis need it.
_OTHER = os.environ.get("PLAIN_OTHER_LAYER")
if _OTHER:
    CHANNEL_LAYERS["other"] = {
        "BACKEND": _OTHER,
        "CONFIG": {**_CONFIG, "prefix": "other:"} if "Redis" in _OTHER else {},
        "ROUTING": "tests.channels_transport.plain_site.routing.other_routing",
    }
# The class of the default layer, if it is not the usual one.
_DEFAULT = os.environ.get("PLAIN_DEFAULT_LAYER")

# The class of a layer from the transport, although the transport's app is not installed. A test makes this mistake.
_ONLY_LAYER = os.environ.get("PLAIN_ONLY_LAYER")
if _ONLY_LAYER:
    CHANNEL_LAYERS["default"].update({"BACKEND": _ONLY_LAYER, "CONFIG": {}})

if IS_ON_TRANSPORT:
    INSTALLED_APPS.insert(0, "channels_transport")
    CHANNEL_LAYERS["default"]["BACKEND"] = _DEFAULT or "channels_transport.layer.RedisChannelLayer"

for _module in filter(None, os.environ.get("PLAIN_EARLY_IMPORTS", "").split()):
    __import__(_module)

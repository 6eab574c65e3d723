"""The settings of the site. Tests change some of them with environment variables."""

import json
import os

BASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SECRET_KEY = "of a site that only tests use"
DEBUG = False
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = [
    "channels_transport",
    "channels",
    "channels.delay",
    "talk",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "foreign.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(BASE_DIR, "database.sqlite3")}}
DATA_UPLOAD_MAX_MEMORY_SIZE = None
USE_TZ = True

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": os.environ.get("SITE_BACKEND", "channels_transport.layer.RedisChannelLayer"),
        "CONFIG": json.loads(os.environ.get("SITE_CONFIG", "{}")),
        "ROUTING": "foreign.routing.channel_routing",
    }
}
CHANNEL_SESSION_ENGINE = "channels_transport.sessions"

METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
INTERFACE_ANSWERS = {"/interface-metrics": "channels_transport.metrics.answer_metrics"}

"""The settings that both sites share."""

import os

# Sessions are valid on both sites only if both have the same key.
SECRET_KEY = os.environ.get("SECRET_KEY", "for trying it only")
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "talk.urls"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE", "talk.sqlite3"),
        "OPTIONS": {"timeout": 20},
        "CONN_MAX_AGE": None,
    }
}
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}


def bridge(source, target):
    """Return the setting BRIDGE of a site."""
    url = os.environ.get("BRIDGE_URL")
    return {"url": url, "from": source, "to": target} if url else None

"""
The settings, read from environment variables, which the README describes.

The defaults are safe: DEBUG is off, and a production site does not start without its secrets. The settings also find
the files of `bin/serve` in var/ (secret key, database, Redis URL), so every `manage.py` in this folder can use them.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from chatproj import local

BASE_DIR = Path(__file__).resolve().parent.parent


def _is_on(name, default="0"):
    return os.environ.get(name, default).strip().lower() in ("1", "true", "yes", "on")


def _list(name):
    return [item.strip() for item in os.environ.get(name, "").split(",") if item.strip()]


DEBUG = _is_on("DEBUG")


def _read_origin(text):
    """Return an address as in a browser's `Origin`: in lower case, without a default port and without a path."""
    parts = urlsplit(text.strip().lower())
    try:
        is_valid = parts.scheme in ("http", "https") and parts.hostname and parts.netloc.rpartition(":")[2]
        port = parts.port if is_valid else None
    except ValueError:
        is_valid = False
    if not is_valid or "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ImproperlyConfigured("PUBLIC_URL must be like https://chat.example.com, without a path.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_default = port in (None, {"http": 80, "https": 443}[parts.scheme])
    return f"{parts.scheme}://{host}" if is_default else f"{parts.scheme}://{host}:{port}"


# The address that browsers use, for example https://chat.example.com. Setting it makes this a production site.
PUBLIC_URL = os.environ.get("PUBLIC_URL") and _read_origin(os.environ["PUBLIC_URL"])
_public = urlsplit(PUBLIC_URL or "")

SECRET_KEY = os.environ.get("SECRET_KEY") or (None if PUBLIC_URL else local.secret_key())
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "Set SECRET_KEY to a long random text (for example the output of `openssl rand -hex 32`), the same for"
            " every process. bin/serve makes one by itself, and DEBUG=1 needs none."
        )
    SECRET_KEY = "for development only, and the same on every machine"

ALLOWED_HOSTS = _list("ALLOWED_HOSTS") or ([_public.hostname] if PUBLIC_URL else ["localhost", "127.0.0.1", "[::1]"])

INSTALLED_APPS = [
    "channels_transport",  # before channels, whose runserver it replaces
    "channels",
    "channels.delay",
    "chat",
    "chatproj",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "chat.http.middleware.HeadersMiddleware",
    "chat.http.middleware.FailuresMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "chat.http.middleware.TokenMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "chatproj.urls"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [str(BASE_DIR / "templates")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chat.http.context_processors.client_version",
            ],
            "libraries": {"module_preloads": "chat.http.module_preloads"},
        },
    }
]

# The database: the one in DATABASE_URL, for example PostgreSQL, else the SQLite file in var/.

_ENGINES = {
    "django.db.backends.postgresql": "chatproj.db.postgresql",
    "django.db.backends.postgresql_psycopg2": "chatproj.db.postgresql",
    "django.db.backends.sqlite3": "chatproj.db.sqlite3",
}
_DATABASE_URL = os.environ.get("DATABASE_URL") or local.database_url()
if urlsplit(_DATABASE_URL).scheme not in dj_database_url.SCHEMES:
    raise ImproperlyConfigured("DATABASE_URL must be like postgres://name:password@host/database.")
DATABASES = {
    # With 0, Django would close the connection after every message, which costs more than all other work for it.
    "default": dj_database_url.parse(_DATABASE_URL, conn_max_age=600)
}
DATABASES["default"]["ENGINE"] = _ENGINES.get(DATABASES["default"]["ENGINE"], DATABASES["default"]["ENGINE"])

# Channels: through Redis, or in the memory of a plain `runserver`.

REDIS_URL = os.environ.get("REDIS_URL") or local.redis_url()

_REDIS_LAYER = {
    "BACKEND": "channels_transport.layer.RedisChannelLayer",
    "CONFIG": {
        "hosts": [REDIS_URL],
        # A message to a group is one item per interface, for any number of sockets. The limits only bound a flood.
        "capacity": 20000,
        "channel_capacity": {"http.request": 1000},
        # Without timeouts a paused Redis freezes every process that uses it.
        "connection_kwargs": {"socket_timeout": 8, "socket_connect_timeout": 5},
    },
    "ROUTING": "chatproj.routing.channel_routing",
}
_MEMORY_LAYER = {
    "BACKEND": "channels_transport.memory.MemoryChannelLayer",
    "CONFIG": {"capacity": 20000},
    "ROUTING": "chatproj.routing.channel_routing",
}
CHANNEL_LAYERS = {"default": _REDIS_LAYER if REDIS_URL else _MEMORY_LAYER}
CHANNEL_SESSION_ENGINE = "channels_transport.sessions"

# The number of trusted proxies in front of the site, whose X-Forwarded-For and X-Forwarded-Proto headers are used.
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "0"))

# Accounts and login sessions. They are in the database, so the loss of Redis' data does not log people out.

AUTH_USER_MODEL = "chat.Person"
AUTHENTICATION_BACKENDS = ["chat.services.people.HandleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# handle_key makes handles unique. The history keeps the handle of a deleted guest, and others may use it again.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
LOGIN_URL = "sign_in"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"
CSRF_FAILURE_VIEW = "chat.http.error_handlers.csrf_failed"

if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
# Channels does not enforce this; the interface server refuses larger bodies.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Rate limits per person or per address. CHAT_LIMITS=off is for load tests.

CHAT_LIMITS_ON = os.environ.get("CHAT_LIMITS", "on").strip().lower() not in ("off", "0", "false", "no")
CHAT_LIMITS = {
    # name: (burst, rate per second)
    "events": (500, 50),  # per person
    "downloads": (5, 1 / 20),  # per person
    "handshakes": (500, 500),  # per address, as are the following
    "guests": (100, 100 / 60),
    "sign_ups": (100, 100 / 60),
    "sign_ins": (100, 100 / 60),
    "rooms": (100, 100 / 60),
}
CHAT_MAX_SOCKETS_PER_PERSON = 100
CHAT_MAX_SOCKETS_PER_ADDRESS = 5000
# This number of refusals within this time closes the connection.
CHAT_FLOOD_REFUSALS = 1000
CHAT_FLOOD_SECONDS = 10
# A connection without three heartbeats in a row counts as disconnected.
CHAT_PRESENCE_LEASE_SECONDS = 75
# One event tells the room about all members that join or leave within this time.
CHAT_PRESENCE_SECONDS = 1
# How long a poll waits for an event. Proxies and platforms end a request after 30 seconds.
CHAT_POLL_SECONDS = 20
# How long an announcement is shown if no time is given.
CHAT_ANNOUNCEMENT_SECONDS = 24 * 3600
# How often the monitor checks the list of rooms, and how often it sweeps.
CHAT_MONITOR_SECONDS = 3
CHAT_SWEEP_SECONDS = 30
CHAT_ECHO = _is_on("CHAT_ECHO")
# A board without visits and messages for this time is deleted.
CHAT_BOARD_DAYS = int(os.environ.get("CHAT_BOARD_DAYS", "30"))

# Background tasks. The most unfinished tasks of one person, over all rooms.
CHAT_MAX_UNFINISHED_TASKS = 3
# A worker renews the lock of its task each second. After this time without a renewal, another worker takes the task.
CHAT_TASK_LOCK_SECONDS = float(os.environ.get("CHAT_TASK_LOCK_SECONDS", "30"))
# The most finished tasks of one person, and the most bytes of all results, that are kept. The oldest are deleted first.
CHAT_MAX_RESULTS_PER_PERSON = 20
CHAT_MAX_RESULTS_BYTES = float(os.environ.get("CHAT_MAX_RESULTS_BYTES", "5e9"))
# How long a result can be downloaded.
CHAT_TASK_RESULT_SECONDS = float(os.environ.get("CHAT_TASK_RESULT_SECONDS", str(24 * 3600)))

# The settings of `manage.py doctor`. The echo websocket answers only if CHAT_ECHO is on.
DOCTOR_HEALTH_PATH = "/healthz"
DOCTOR_ECHO_PATH = "/echo/"
DOCTOR_CHECKS = ["chat.doctor.check_monitor", "chat.doctor.check_limits"]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = str(local.VAR / "static")
# Static files are served compressed from STATIC_ROOT after `collectstatic`, and from the source folders before.
STATICFILES_STORAGE = "whitenoise.storage.CompressedStaticFilesStorage"
WHITENOISE_USE_FINDERS = DEBUG or not os.path.isdir(STATIC_ROOT)
WHITENOISE_MAX_AGE = 0 if DEBUG else 60

_LEVEL = os.environ.get("LOG_LEVEL", "INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": _LEVEL},
    # By default Django mails these log records to ADMINS; here they are only logged.
    "loggers": {
        "django": {"handlers": [], "level": _LEVEL, "propagate": True},
        # Daphne warns of each refused handshake during an outage of Redis. Another log line reports the outage once.
        "daphne.ws_protocol": {"level": _LEVEL if _LEVEL == "DEBUG" else "ERROR"},
    },
}

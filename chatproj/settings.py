"""
The settings. `chatproj.environment` reads those that are environment variables; docs/operations.md describes them.

The defaults are safe: DEBUG is off, and a production site does not start without its secrets. The settings also find
the files of `bin/serve` in var/ (secret key, database, Redis URL), so every `manage.py` in this folder can use them.
"""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from chatproj import environment, local
from chatproj.environment import read
from chatproj.own_hosts import OwnHosts

BASE_DIR = Path(__file__).resolve().parent.parent


# Check all settings, so that a wrong setting ends every process, not only the process that uses it.
environment.check_all()

DEBUG = read("DEBUG")

# The address that browsers use, for example https://chat.example.com. Setting it makes this a production site.
PUBLIC_URL = read("PUBLIC_URL")
_public = urlsplit(PUBLIC_URL or "")
_public_host = f"[{_public.hostname}]" if ":" in (_public.hostname or "") else _public.hostname

SECRET_KEY = read("SECRET_KEY") or (None if PUBLIC_URL else local.secret_key())
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(environment.MISSING_SECRET_KEY)
    SECRET_KEY = "for development only, and the same on every machine"

# Without a public address, people use the addresses and the names of this machine. A worker cannot know on which of
# them an interface listens, so all of them are allowed.
ALLOWED_HOSTS = read("ALLOWED_HOSTS") or ([_public_host] if PUBLIC_URL else OwnHosts(read("HOST")))

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
    "chat.http.static_files.StaticFilesMiddleware",
    "chat.http.middleware.HeadersMiddleware",
    "chat.http.compression.CompressionMiddleware",
    "chat.http.middleware.FailuresMiddleware",
    "chat.http.middleware.FormMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "chat.http.middleware.HostMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "chat.http.middleware.TokenMiddleware",
    "chat.http.language.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "chat.http.middleware.BrowserMiddleware",
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
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chat.http.context_processors.client_version",
                "chat.http.context_processors.page_key",
                "chat.http.context_processors.preferences",
            ],
            "libraries": {
                "module_preloads": "chat.http.module_preloads",
                "text_filters": "chat.http.text_filters",
            },
        },
    }
]

# The database is the one that DATABASE_URL names, for example PostgreSQL, or else the SQLite file in var/.

_ENGINES = {
    "django.db.backends.postgresql": "chatproj.db.postgresql",
    "django.db.backends.postgresql_psycopg2": "chatproj.db.postgresql",
    "django.db.backends.sqlite3": "chatproj.db.sqlite3",
}
DATABASES = {
    # With 0, Django would close the connection after every message. That costs more than the rest of the work.
    "default": dj_database_url.parse(read("DATABASE_URL") or local.database_url(), conn_max_age=600)
}
DATABASES["default"]["ENGINE"] = _ENGINES.get(DATABASES["default"]["ENGINE"], DATABASES["default"]["ENGINE"])

# The channel layer is in Redis, or in the memory of a plain `runserver`.

REDIS_URL = read("REDIS_URL") or local.redis_url()

_REDIS_LAYER = {
    "BACKEND": "channels_transport.layer.RedisChannelLayer",
    "CONFIG": {
        "hosts": [REDIS_URL],
        # All versions have these prefixes, so processes of two versions reach each other during an upgrade.
        "prefix": "asgi:",
        "stats_prefix": "asgi-meta:",
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

# This many proxies in front of the site are trusted: their X-Forwarded-For and X-Forwarded-Proto are used.
TRUSTED_PROXIES = read("TRUSTED_PROXIES")

# Accounts and login sessions are in the database, so the loss of Redis' data does not log people out.

AUTH_USER_MODEL = "chat.Person"
AUTHENTICATION_BACKENDS = ["chat.services.people.HandleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# handle_key makes handles unique. A board's visitors have handles that are unique on their board only.
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

# Rate limits per person, address, browser or account. CHAT_LIMITS=off is for load tests.

CHAT_LIMITS_ON = read("CHAT_LIMITS")
CHAT_LIMITS = {
    # name: (burst, rate per second)
    "events": (500, 50),  # per person
    "downloads": (5, 1 / 20),  # per person
    "searches": (30, 3),  # per person
    "pictures": (10, 1 / 20),  # per person
    "handshakes": (500, 500),  # per address
    "guests": (100, 100 / 60),  # per address
    "sign_ups": (100, 100 / 60),  # per address
    "sign_ins": (100, 100 / 60),  # per address, or per browser that the person has signed in with before
    "rooms": (100, 100 / 60),  # per address
    "wrong_passwords_here": (10, 1 / 60),  # per account, at one browser or address
    "wrong_passwords": (100, 100 / 3600),  # per account, at all browsers and addresses that it has never signed in from
}
CHAT_MAX_SOCKETS_PER_PERSON = 100
CHAT_MAX_SOCKETS_PER_ADDRESS = 5000
# The limits of the interface servers: see docs/operations.md.
_TOO_MANY_SOCKETS = {
    "type": "rejected",
    "ref": None,
    "code": "rate_limited",
    "detail": "Too many connections are open.",
}
INTERFACE_LIMITS = {
    "sockets_per_address": CHAT_MAX_SOCKETS_PER_ADDRESS,
    "connections_per_address": CHAT_MAX_SOCKETS_PER_ADDRESS + 1000,
    "refusal_text": json.dumps({**_TOO_MANY_SOCKETS, "retry_after": 75.0}),
}
# Anonymous clients may open these sockets. With `forget`, the waiting frames of a disconnected client are dropped.
INTERFACE_PATHS = [
    (r"/lobby/\Z", {"send_only": True}),
    (r"/echo/\Z", {"forget": True, "socket_frames": (2000, 200), "address_frames": (4000, 1000)}),
]
if not CHAT_LIMITS_ON:
    _BUDGETS = [f"{owner}_{what}" for owner in ("socket", "address") for what in ("frames", "bytes", "control_frames")]
    INTERFACE_LIMITS = dict.fromkeys([*_BUDGETS, "sockets_per_address", "connections_per_address"])
    INTERFACE_PATHS = [(r"/lobby/\Z", {"send_only": True}), (r"/echo/\Z", {"forget": True})]
# More than this number of refusals within this time closes the connection.
CHAT_FLOOD_REFUSALS = 1000
CHAT_FLOOD_SECONDS = 10
# A connection that misses three heartbeats in a row counts as disconnected.
CHAT_PRESENCE_LEASE_SECONDS = 75
# One event tells the room about all members that join or leave within this time.
CHAT_PRESENCE_SECONDS = 1
# A member who has another room open gets at most one event about the new messages of a room in this time.
CHAT_FEED_SECONDS = 1
# A poll waits this long for an event. Proxies and platforms end a request after 30 seconds.
CHAT_POLL_SECONDS = 20
# An announcement without a given time expires after this time.
CHAT_ANNOUNCEMENT_SECONDS = 24 * 3600
# The monitor checks the list of rooms, and sweeps, at these intervals.
CHAT_MONITOR_SECONDS = 3
CHAT_SWEEP_SECONDS = 30
CHAT_ECHO = read("CHAT_ECHO")
# The people who may open direct conversations with each other: see `DIRECTS` in chatproj/environment.py.
CHAT_DIRECTS = read("CHAT_DIRECTS")
# A board without visits and messages for this time is deleted.
CHAT_BOARD_DAYS = read("CHAT_BOARD_DAYS")

# Background tasks: one person may have this many unfinished tasks, in all rooms together.
CHAT_MAX_UNFINISHED_TASKS = 3
# A worker renews the lock of its task each second. After this time without a renewal, another worker takes the task.
CHAT_TASK_LOCK_SECONDS = read("CHAT_TASK_LOCK_SECONDS")
# This many finished tasks of one person, and this many bytes of all results, are kept. The oldest are deleted first.
CHAT_MAX_RESULTS_PER_PERSON = 20
CHAT_MAX_RESULTS_BYTES = read("CHAT_MAX_RESULTS_BYTES")
# A result can be downloaded for this time.
CHAT_TASK_RESULT_SECONDS = read("CHAT_TASK_RESULT_SECONDS")

# The requests that the interface answers without a worker.
INTERFACE_ANSWERS = {
    "/healthz": "chat.http.health.answer_healthz",
    "/readyz": "chat.http.health.answer_readyz",
    "/metrics": "chat.http.health.answer_metrics",
    "/static/*": "chat.http.static_files.answer_static_file",
    "/favicon.ico": "chat.http.static_files.answer_static_file",
    "/robots.txt": "chat.http.static_files.answer_static_file",
    "/apple-touch-icon.png": "chat.http.static_files.answer_static_file",
    "/manifest.webmanifest": "chat.http.static_files.answer_static_file",
    "/service-worker.js": "chat.http.static_files.answer_static_file",
}

# The settings of `manage.py doctor`. The echo websocket answers only if CHAT_ECHO is on.
DOCTOR_URL = local.site_url(read("PORT") if os.environ.get("PORT", "").strip() else None)
DOCTOR_HEALTH_PATH = "/readyz"
DOCTOR_ECHO_PATH = "/echo/"
DOCTOR_CHECKS = ["chat.management.doctor.check_monitor", "chat.management.doctor.check_limits"]

# chat/locale/ has the translations. `bin/make_languages.py` collects the texts and compiles the translations.
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("zh-hans", "简体中文"),
    ("ar", "العربية"),
]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [str(BASE_DIR / "chat" / "locale")]
TIME_ZONE = "UTC"
USE_I18N = True
USE_L10N = True  # pages show days and times as the language writes them
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = str(local.VAR / "static")
# Static files are served compressed from STATIC_ROOT after `collectstatic`, and from the source folders before.
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "chat.http.static_files.BundleFinder",
]
# The joined modules of the browser's code, before `collectstatic`.
BUNDLES_ROOT = str(local.VAR / "bundles")
STATICFILES_STORAGE = "chat.http.static_files.VersionedStaticFilesStorage"
WHITENOISE_USE_FINDERS = DEBUG or not os.path.isdir(STATIC_ROOT)
# The files that browsers and search engines ask for at the root of a site: favicon.ico, robots.txt and others.
WHITENOISE_ROOT = str(BASE_DIR / "chat" / "http" / "site_root")
WHITENOISE_MIMETYPES = {".webmanifest": "application/manifest+json"}
# The address for reports about security, at /.well-known/security.txt.
SECURITY_CONTACT = read("SECURITY_CONTACT")
WHITENOISE_MAX_AGE = 0 if DEBUG else 60

# The secret parts of paths: in links of invitations and boards, in hooks, and the sessions of boards' visitors. Every
# log line has *** in their place.
SECRET_PATHS = ["/invite/*", "/hooks/*", "/board/*", "/api/boards/*", "/auth/*/*", "/write/*/*"]

_LEVEL = read("LOG_LEVEL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "channels_transport.log_lines.LineFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": _LEVEL},
    # By default Django mails these log records to ADMINS; here they are only logged.
    "loggers": {
        "django": {"handlers": [], "level": _LEVEL, "propagate": True},
        "django.server": {"handlers": [], "level": _LEVEL, "propagate": True},
        # Daphne warns of each refused handshake during an outage of Redis. Another log line reports the outage once.
        "daphne.ws_protocol": {"level": _LEVEL if _LEVEL == "DEBUG" else "ERROR"},
    },
}

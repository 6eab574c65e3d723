"""
The settings. `chatproj.environment` reads the environment, and `chatproj.file_settings` has the defaults of the
settings that sites change in this file. docs/operations.md describes both.

The defaults are safe: DEBUG is off, and a production site does not start without its secrets. The settings also find
the files of `bin/serve` in var/ (secret key, database, Redis URL), so every `manage.py` in this folder can use them.
"""

import logging
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from chatproj import (
    database_settings,
    environment,
    file_settings,
    layer_settings,
    local,
    logging_settings,
    rate_limits,
    security_headers,
)
from chatproj.django_parts import INSTALLED_APPS, MIDDLEWARE, TEMPLATES  # noqa: F401
from chatproj.environment import read
from chatproj.file_settings import default
from chatproj.own_hosts import OwnHosts
from chatproj.setting_values import without_verification

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

# Without a public address, people use the addresses and the names of this machine. A worker cannot know on which
# addresses an interface listens, so all of them are allowed.
ALLOWED_HOSTS = read("ALLOWED_HOSTS") or ([_public_host] if PUBLIC_URL else OwnHosts(read("HOST")))

ROOT_URLCONF = "chatproj.urls"

# The database is the one that DATABASE_URL names, for example PostgreSQL, or else the SQLite file in var/.

_KIND = database_settings.find_kind(sys.argv)
_LIMITS = ("DATABASE_STATEMENT_SECONDS", "DATABASE_TASK_SECONDS", "DATABASE_LOCK_SECONDS", "DATABASE_IDLE_SECONDS")
DATABASES = database_settings.make_databases(
    read("DATABASE_URL") or local.database_url(),
    read("DATABASE_REPLICA_URL"),
    _KIND,
    database_settings.make_time_limits(_KIND, *map(read, _LIMITS)),
)
# Only reads inside of `read_from_replica` use the replica.
DATABASE_ROUTERS = ["chat.models.ReplicaRouter"] if "replica" in DATABASES else []
# Tasks that run in a worker for all channels have this limit too. 0 means no limit.
DATABASE_TASK_SECONDS = read("DATABASE_TASK_SECONDS")
# A replica that is further behind than this gets no reads.
DATABASE_REPLICA_LAG_SECONDS = read("DATABASE_REPLICA_LAG_SECONDS")

# The channel layer is in Redis, or in the memory of a plain `runserver`.

REDIS_URL = read("REDIS_URL") or local.redis_url()
if REDIS_URL and not read("REDIS_TLS_VERIFY"):
    REDIS_URL = without_verification(REDIS_URL)
# The first key encrypts what is in Redis, and all of them decrypt it.
REDIS_ENCRYPTION_KEYS = read("REDIS_ENCRYPTION_KEYS")

CHANNEL_LAYERS = {"default": layer_settings.make_layer(REDIS_URL, REDIS_ENCRYPTION_KEYS)}
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
# Browsers that know the header X-XSS-Protection are obsolete, and its filter had vulnerabilities of its own. The
# Content-Security-Policy does its work.
SILENCED_SYSTEM_CHECKS.append("security.W007")
LOGIN_URL = "sign_in"
SESSION_ENGINE = "chatproj.db.sessions"
# Django's caches load objects with pickle, and nothing here needs a cache of Django.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"
CSRF_FAILURE_VIEW = "chat.http.error_handlers.csrf_failed"

if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
# The interface adds these headers to all responses: see chatproj/security_headers.py.
HSTS_SECONDS, HSTS_SCOPE = read("HSTS_SECONDS"), read("HSTS_SCOPE")
INTERFACE_HEADERS = security_headers.make_headers(PUBLIC_URL, HSTS_SECONDS, HSTS_SCOPE)
if _public.scheme == "https":
    SECURE_HSTS_SECONDS = HSTS_SECONDS
    SECURE_HSTS_INCLUDE_SUBDOMAINS = HSTS_SCOPE != "host"
    SECURE_HSTS_PRELOAD = HSTS_SCOPE == "preload"
    # The owner of the domain decides about its other names and about the lists of browsers: see HSTS_SCOPE.
    SILENCED_SYSTEM_CHECKS += ["security.W005", "security.W021"]
    # RedirectToTLSMiddleware redirects. Django's own redirect would not end behind a proxy that hides the scheme.
    SILENCED_SYSTEM_CHECKS.append("security.W008")
# Channels does not enforce this; the interface server refuses larger bodies.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# The limits and intervals that few sites change: chatproj/file_settings.py has their defaults. To change one, write
# its value here, for example CHAT_POLL_SECONDS = 10. The variable CHAT_LIMITS=off is for load tests.

CHAT_LIMITS_ON = read("CHAT_LIMITS")
CHAT_LIMITS = default("CHAT_LIMITS")
CHAT_MAX_SOCKETS_PER_PERSON = default("CHAT_MAX_SOCKETS_PER_PERSON")
CHAT_MAX_SOCKETS_PER_ADDRESS = default("CHAT_MAX_SOCKETS_PER_ADDRESS")
INTERFACE_LIMITS = rate_limits.make_interface_limits(CHAT_LIMITS_ON, CHAT_MAX_SOCKETS_PER_ADDRESS)
INTERFACE_PATHS = rate_limits.make_interface_paths(CHAT_LIMITS_ON)
CHAT_FLOOD_REFUSALS = default("CHAT_FLOOD_REFUSALS")
CHAT_FLOOD_SECONDS = default("CHAT_FLOOD_SECONDS")
CHAT_PRESENCE_LEASE_SECONDS = default("CHAT_PRESENCE_LEASE_SECONDS")
CHAT_PRESENCE_SECONDS = default("CHAT_PRESENCE_SECONDS")
CHAT_FEED_SECONDS = default("CHAT_FEED_SECONDS")
CHAT_POLL_SECONDS = default("CHAT_POLL_SECONDS")
CHAT_ANNOUNCEMENT_SECONDS = default("CHAT_ANNOUNCEMENT_SECONDS")
CHAT_MONITOR_SECONDS = default("CHAT_MONITOR_SECONDS")
CHAT_SWEEP_SECONDS = default("CHAT_SWEEP_SECONDS")
# The accounts that must have a second factor: see `SECOND_FACTOR` in chatproj/environment/entry.py.
CHAT_SECOND_FACTOR = read("CHAT_SECOND_FACTOR")
# The server that sends mails, and the sender of the mails. Without the server, the site has no function for e-mail.
EMAIL_URL = read("EMAIL_URL")
EMAIL_FROM = read("EMAIL_FROM") or f"no-reply@{_public.hostname or 'localhost'}"
if EMAIL_URL and not PUBLIC_URL and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(environment.MISSING_PUBLIC_URL)
CHAT_ECHO = read("CHAT_ECHO")
# The private networks to which `chat.services.outgoing` may connect.
OUTGOING_NETWORKS = read("OUTGOING_NETWORKS")
CHAT_LINK_PREVIEWS = read("CHAT_LINK_PREVIEWS")
# Notifications to closed browsers: the site's key and its address for push services, and the push services.
CHAT_VAPID_KEY = read("CHAT_VAPID_KEY")
CHAT_VAPID_CONTACT = read("CHAT_VAPID_CONTACT") or read("SECURITY_CONTACT") or PUBLIC_URL
CHAT_PUSH_SERVICES = read("CHAT_PUSH_SERVICES")
# Whether pages have the service worker. If it is off, browsers remove the worker that they have.
CHAT_SERVICE_WORKER = read("CHAT_SERVICE_WORKER")
# The people who may open direct conversations with each other: see `DIRECTS` in chatproj/environment/entry.py.
CHAT_DIRECTS = read("CHAT_DIRECTS")
# The people who may add emoji to the site, and how many emoji it may have.
CHAT_CUSTOM_EMOJI = read("CHAT_CUSTOM_EMOJI")
CHAT_MAX_CUSTOM_EMOJI = default("CHAT_MAX_CUSTOM_EMOJI")
# These people may create an account: see `SIGN_UP` in chatproj/environment/entry.py. OIDC_SIGN_UP decides for OpenID
# Connect.
CHAT_SIGN_UP = read("CHAT_SIGN_UP")
# With this setting, accounts may invite people too, and not only operators.
CHAT_MEMBERS_INVITE = read("CHAT_MEMBERS_INVITE")
# CHAT_GUESTS: whether guests may enter rooms and boards. CHAT_NEW_ROOMS_GUESTS: whether new rooms are open to them.
CHAT_GUESTS = read("CHAT_GUESTS")
CHAT_NEW_ROOMS_GUESTS = read("CHAT_NEW_ROOMS_GUESTS")
CHAT_RESERVED_HANDLES = read("CHAT_RESERVED_HANDLES")

# Sign-in with OpenID Connect. With OIDC_ONLY, only operators may sign in with a password.
OIDC_ISSUER = read("OIDC_ISSUER")
OIDC_CLIENT_ID = read("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = read("OIDC_CLIENT_SECRET")
OIDC_NAME = read("OIDC_NAME")
OIDC_SCOPES = read("OIDC_SCOPES")
OIDC_SIGN_UP = read("OIDC_SIGN_UP") or CHAT_SIGN_UP
OIDC_ONLY = read("OIDC_ONLY")
environment.check_openid(OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_ONLY)

# A board without visits and messages for this time is deleted.
CHAT_BOARD_DAYS = read("CHAT_BOARD_DAYS")
CHAT_CHANGE_DAYS = read("CHAT_CHANGE_DAYS")

# Background tasks: one person may have this many unfinished tasks, in all rooms together.
CHAT_MAX_UNFINISHED_TASKS = default("CHAT_MAX_UNFINISHED_TASKS")
# A worker renews the lock of its task each second. After this time without a renewal, another worker takes the task.
CHAT_TASK_LOCK_SECONDS = read("CHAT_TASK_LOCK_SECONDS")
# This many finished tasks of one person, and this many bytes of all results, are kept. The oldest are deleted first.
CHAT_MAX_RESULTS_PER_PERSON = default("CHAT_MAX_RESULTS_PER_PERSON")
CHAT_MAX_RESULTS_BYTES = read("CHAT_MAX_RESULTS_BYTES")
# The directory of files such as these results, or `database:`.
CHAT_FILES = read("CHAT_FILES") or database_settings.find_files(DATABASES, local.VAR)
# nginx serves the directory at this location, or downloads are redirected to the bucket.
CHAT_X_ACCEL, CHAT_S3_REDIRECT = read("CHAT_X_ACCEL"), read("CHAT_S3_REDIRECT")
# The limits of the files of messages: see chatproj/environment/uploading.py.
CHAT_UPLOAD_BYTES = read("CHAT_UPLOAD_BYTES")
CHAT_UPLOAD_ROOM_BYTES = read("CHAT_UPLOAD_ROOM_BYTES")
CHAT_UPLOAD_PERSON_BYTES = read("CHAT_UPLOAD_PERSON_BYTES")
CHAT_UPLOAD_TYPES = read("CHAT_UPLOAD_TYPES")
# The interface stores the files of these requests, and sends stored files, without a worker.
INTERFACE_FILES = default("INTERFACE_FILES")
# A result can be downloaded for this time.
CHAT_TASK_RESULT_SECONDS = read("CHAT_TASK_RESULT_SECONDS")

# The requests that the interface answers without a worker.
INTERFACE_ANSWERS = default("INTERFACE_ANSWERS")

# Readers of /metrics send this token. With METRICS_PORT, only a listener of its own answers /metrics.
METRICS_TOKEN = read("METRICS_TOKEN")
INTERFACE_PRIVATE = read("METRICS_PORT") and {"endpoint": read("METRICS_PORT"), "paths": ["/metrics"]}

# The settings of `manage.py doctor`. PROCESS_FACTS returns what all processes must have in common. The echo
# websocket answers only if CHAT_ECHO is on.
PROCESS_FACTS = "chatproj.process_facts.describe"
DOCTOR_URL = file_settings.find_site_url()
DOCTOR_HEALTH_PATH = default("DOCTOR_HEALTH_PATH")
DOCTOR_ECHO_PATH = default("DOCTOR_ECHO_PATH")
DOCTOR_CHECKS = default("DOCTOR_CHECKS")
DOCTOR_BACKUP_DAYS = default("DOCTOR_BACKUP_DAYS")

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
# The address for reports about security, at /.well-known/security.txt.
SECURITY_CONTACT = read("SECURITY_CONTACT")
WHITENOISE_MAX_AGE = 0 if DEBUG else 60

SECRET_PATHS = default("SECRET_PATHS")

# The formatter of the interface's access log and of the commands' own lines uses it too.
LOG_FORMAT = read("LOG_FORMAT")
LOG_SLOW_SECONDS = read("LOG_SLOW_SECONDS")
LOG_MESSAGES, TRACING = read("LOG_MESSAGES"), read("TRACING")
ALIVE_FILE = read("ALIVE_FILE")
LOGGING = logging_settings.make_logging(read("LOG_LEVEL"), LOG_FORMAT)
# With the format json, Python's warnings are log records too, not lines of text.
if LOG_FORMAT == "json":
    logging.captureWarnings(True)

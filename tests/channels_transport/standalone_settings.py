"""The settings of the transport's tests without the chat."""

SECRET_KEY = "for tests only"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "channels_transport",
    "channels",
    "channels.delay",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "tests.channels_transport.site.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_transport.memory.MemoryChannelLayer",
        "CONFIG": {"capacity": 20000},
        "ROUTING": "tests.channels_transport.standalone_settings.channel_routing",
    }
}
CHANNEL_SESSION_ENGINE = "channels_transport.sessions"
channel_routing = []

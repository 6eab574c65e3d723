"""The parts of Django that the site consists of: its apps, its middleware and its templates."""

from pathlib import Path

INSTALLED_APPS = [
    "channels_transport",  # before channels, whose runserver it replaces
    "channels",
    "channels.delay",
    "chat",
    "chatproj.apps.ChatprojConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "chat.http.security_middleware.HeadersMiddleware",
    "chat.http.security_middleware.RedirectToTLSMiddleware",
    "chat.http.static_files.StaticFilesMiddleware",
    "chat.http.compression.CompressionMiddleware",
    "chat.http.request_limit.RequestLimitMiddleware",
    "chat.http.middleware.FailuresMiddleware",
    "chat.http.middleware.FormMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "chat.http.middleware.HostMiddleware",
    "chat.http.csrf.OriginMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "chat.http.middleware.TokenMiddleware",
    "chat.http.language.LanguageMiddleware",
    "chat.http.second_factor_gate.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "chat.http.middleware.BrowserMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [str(Path(__file__).resolve().parent.parent / "templates")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chat.http.context_processors.client_version",
                "chat.http.context_processors.installed_app",
                "chat.http.context_processors.mail",
                "chat.http.context_processors.page_key",
                "chat.http.context_processors.site_entry",
                "chat.http.context_processors.preferences",
            ],
            "libraries": {
                "module_preloads": "chat.http.module_preloads",
                "text_filters": "chat.http.text_filters",
            },
        },
    }
]

"""The system check of the session engines: whether they can store channel sessions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

OWN_ENGINE = "channels_transport.sessions"
COOKIE_ENGINE = "django.contrib.sessions.backends.signed_cookies"


def check_session_engines(**kwargs: Any) -> list[checks.CheckMessage]:
    """Report an engine that cannot store channel sessions: CHANNEL_SESSION_ENGINE, or else SESSION_ENGINE."""
    if getattr(settings, "CHANNEL_SESSION_ENGINE", settings.SESSION_ENGINE) != COOKIE_ENGINE:
        return []
    return [
        checks.Error(
            "Channel sessions cannot be stored in signed cookies, because no browser sends cookies with a frame.",
            hint=f'Set CHANNEL_SESSION_ENGINE = "{OWN_ENGINE}". SESSION_ENGINE may stay.',
            id="channels_transport.E003",
        )
    ]

"""Whether the application is installed: a site has all of this package, or nothing of it."""

from __future__ import annotations

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured


def check_installation() -> None:
    """Raise ImproperlyConfigured if Django runs without this application. Without Django, a layer may be used alone."""
    if apps.ready and not apps.is_installed("channels_transport"):
        raise ImproperlyConfigured(
            'Add "channels_transport" to INSTALLED_APPS, before "channels": its channel layers need its worker, its '
            "decorators and its commands."
        )

"""The check that Django has this application: without it, a site would have only some parts of the package."""

from __future__ import annotations

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured


def check_installation() -> None:
    """Raise ImproperlyConfigured if Django runs without this application. Without Django, a layer may be used alone."""
    if apps.ready and not apps.is_installed("channels_transport"):
        raise ImproperlyConfigured(
            'Add "channels_transport" to INSTALLED_APPS, before "channels": its channel layers need the worker, '
            "the decorators and the commands of the application."
        )

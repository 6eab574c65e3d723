"""The transport's name among Django's applications: it brings the commands that run a site's processes."""

from django.apps import AppConfig


class TransportConfig(AppConfig):
    """Registers the commands. It must stand before `channels` in INSTALLED_APPS, whose commands it replaces."""

    name = "channels_transport"
    verbose_name = "Channels transport"

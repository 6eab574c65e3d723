"""The Django application of the transport. It adds the commands that run a site's processes."""

from django.apps import AppConfig


class TransportConfig(AppConfig):
    """Registers the commands. INSTALLED_APPS must list it before `channels`, whose commands it replaces."""

    name = "channels_transport"
    verbose_name = "Channels transport"

"""The app of the site's own commands and checks."""

from django.apps import AppConfig
from django.core import checks


class ChatprojConfig(AppConfig):
    """Registers the system checks."""

    name = "chatproj"

    def ready(self) -> None:
        """Register the checks."""
        from chatproj.checks import check_deployment, check_file_settings, check_names

        checks.register(check_names)
        checks.register(check_file_settings)
        checks.register(check_deployment, deploy=True)

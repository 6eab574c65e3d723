"""The app of the new site."""

from django.apps import AppConfig
from django.conf import settings


class AfterConfig(AppConfig):
    name = "after"

    def ready(self):
        if getattr(settings, "KEEPS_OLD_LOGINS", False):
            from after.logins import keep_logins

            keep_logins()
        from after.binding import connect_binding

        connect_binding()

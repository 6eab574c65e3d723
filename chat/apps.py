"""The app's name, for Django."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self):
        # Whatever process changes a bound row tells of it.
        from chat.consumers import bindings  # noqa: F401

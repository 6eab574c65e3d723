"""The Django configuration of the app `chat`."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self):
        # Importing the bindings connects their signals, so every process that changes a bound row publishes the change.
        from chat.consumers import bindings  # noqa: F401

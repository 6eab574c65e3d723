"""The Django configuration of the app `chat`."""

from django.apps import AppConfig

from channels_transport import add_to_reports


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self):
        # Importing the bindings connects their signals, so every process that changes a bound row publishes the change.
        from chat.consumers import bindings  # noqa: F401

        # link_previews, threads and uploads register themselves for messages.
        from chat.services import busy_rooms, link_previews, threads, uploads  # noqa: F401
        from chat.version import get_release

        # The page for operators shows these fields of each process.
        add_to_reports("release", get_release)
        add_to_reports("rooms", busy_rooms.read_busiest)

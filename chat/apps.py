"""The app's name, for Django."""
from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

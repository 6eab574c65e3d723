"""The chat: a Django app."""

default_app_config = "chat.apps.ChatConfig"

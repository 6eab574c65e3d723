"""The channel layer for the command `daphne`."""

import os

from channels.asgi import get_channel_layer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "moving.settings")
channel_layer = get_channel_layer()

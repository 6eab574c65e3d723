"""Provide the channel layer for Daphne's command line."""

import os

from channels.asgi import get_channel_layer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.channels1.settings")

channel_layer = get_channel_layer()

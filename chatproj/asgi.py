"""The channel layer for Daphne's command line: `daphne chatproj.asgi:channel_layer`."""

import os
import sys

from channels.asgi import get_channel_layer
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatproj.settings")

try:
    channel_layer = get_channel_layer()
except ImproperlyConfigured as error:
    # The error text says which setting is wrong; a traceback would hide it.
    sys.exit(str(error))

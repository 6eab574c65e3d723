"""Provide the ASGI application for any server."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.channels4.settings")
# This comes before the import of the consumers, because their models need Django's apps.
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402

if settings.IS_BATCHING:
    from benchmarks.peers.channels4.tuned import BatchingRoomConsumer as RoomConsumer
    from benchmarks.peers.channels4.tuned import EchoConsumer
elif settings.IS_TUNED:
    from benchmarks.peers.channels4.tuned import EchoConsumer, RoomConsumer
else:
    from benchmarks.peers.channels4.consumers import EchoConsumer, RoomConsumer

sockets = URLRouter(
    [
        path("room/<slug:room>/", RoomConsumer.as_asgi()),
        path("echo/", EchoConsumer.as_asgi()),
    ]
)
application = ProtocolTypeRouter({"http": http, "websocket": sockets})

"""The application: pages, websockets and background consumers. Daphne and `runworker` load it."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "after.settings")
# Django must load its apps before the import of the consumers, because the consumers import models.
pages = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ChannelNameRouter, ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402

from after import consumers  # noqa: E402

websockets = URLRouter(
    [
        re_path(r"^chat/(?P<room>[a-z0-9-]{1,50})/$", consumers.Room.as_asgi()),
        re_path(r"^streams/$", consumers.Streams.as_asgi()),
        # Every other path. Without this route, the router raises an exception, and the handshake gets a 500.
        re_path(r"", consumers.Refuse.as_asgi()),
    ]
)
application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": AuthMiddlewareStack(websockets),
        "channel": ChannelNameRouter({"talk.reminders": consumers.Reminders.as_asgi()}),
    }
)

"""The consumers of each channel and path."""

from channels.routing import route, route_class

from before import consumers

ROOM = r"^/chat/(?P<room>[a-z0-9-]{1,50})/$"

channel_routing = [
    route("websocket.connect", consumers.connect, path=ROOM),
    route("websocket.receive", consumers.receive, path=ROOM),
    route("websocket.disconnect", consumers.disconnect, path=ROOM),
    route_class(consumers.Streams, path=r"^/streams/$"),
    route("talk.reminders", consumers.remind),
    # Every other path.
    route("websocket.connect", consumers.refuse),
    route("websocket.receive", consumers.ignore),
    route("websocket.disconnect", consumers.ignore),
]

"""The routing: which consumer handles which channel."""

from channels import route

from benchmarks.tutorial import consumers

ROOM = r"^/room/(?P<room>[a-z0-9-]+)/\Z"

channel_routing = [
    route("websocket.connect", consumers.ws_connect, path=ROOM),
    route("websocket.receive", consumers.ws_receive, path=ROOM),
    route("websocket.disconnect", consumers.ws_disconnect, path=ROOM),
    route("websocket.connect", consumers.echo_connect),
    route("websocket.receive", consumers.echo_receive),
    route("websocket.disconnect", consumers.ignore),
]

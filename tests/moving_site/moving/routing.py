"""The channel routing of the site."""

from channels.routing import route
from echoes import consumers

channel_routing = [
    route("websocket.connect", consumers.ws_connect, path=r"^/(?P<name>\w+)/$"),
    route("websocket.receive", consumers.ws_receive, path=r"^/(?P<name>\w+)/$"),
    route("websocket.disconnect", consumers.ws_disconnect, path=r"^/(?P<name>\w+)/$"),
    route("echoes.later", consumers.later),
]

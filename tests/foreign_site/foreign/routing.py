"""The consumers of the site."""

from channels.routing import include, route, route_class
from talk import consumers

rooms = [
    route("websocket.connect", consumers.ws_connect, path=r"^/(?P<room>[a-z]+)/$"),
    route("websocket.receive", consumers.ws_receive, path=r"^/(?P<room>[a-z]+)/$"),
    route("websocket.disconnect", consumers.ws_disconnect, path=r"^/(?P<room>[a-z]+)/$"),
]
channel_routing = [
    include(rooms, path=r"^/talk"),
    route_class(consumers.Streams, path=r"^/streams/"),
    route_class(consumers.Bytes, path=r"^/bytes/"),
    route("talk.reminders", consumers.remind),
]

"""The consumers of the site."""

from channels.routing import route, route_class

from tests.channels_transport.site import consumers

channel_routing = [
    route_class(consumers.StrictConsumer, path="^/strict/"),
    route("websocket.connect", consumers.connect),
    route("websocket.receive", consumers.send_back, path="^/back/?$"),
    route("websocket.receive", consumers.send_to_all, path="^/all/?$"),
    route("websocket.receive", consumers.receive),
    route("websocket.disconnect", consumers.disconnect),
    route("jobs", consumers.job),
]

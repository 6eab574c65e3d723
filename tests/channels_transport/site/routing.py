"""The consumers of the site."""

from channels.routing import route, route_class

from channels_transport.later_response import view_consumer
from tests.channels_transport.site import consumers

channel_routing = [
    route("http.request", view_consumer),
    route_class(consumers.StrictConsumer, path="^/strict/"),
    route("websocket.connect", consumers.connect),
    route("websocket.receive", consumers.send_back, path="^/back/?$"),
    route("websocket.receive", consumers.send_to_all, path="^/all/?$"),
    route("websocket.receive", consumers.receive),
    route("websocket.disconnect", consumers.disconnect),
    route("jobs", consumers.job),
]

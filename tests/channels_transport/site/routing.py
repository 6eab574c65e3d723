"""The consumers of the site."""

from channels.routing import route

from tests.channels_transport.site import consumers

channel_routing = [
    route("websocket.connect", consumers.connect),
    route("websocket.receive", consumers.receive),
    route("websocket.disconnect", consumers.disconnect),
    route("jobs", consumers.job),
]

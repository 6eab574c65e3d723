"""The routing of the plain site."""

from channels import include, route

from tests.channels_transport.plain_site import consumers

chat_routing = [
    route("websocket.connect", "tests.channels_transport.plain_site.consumers.connect"),
    route("websocket.receive", "tests.channels_transport.plain_site.consumers.receive"),
    route("websocket.disconnect", "tests.channels_transport.plain_site.consumers.disconnect"),
]
channel_routing = [
    consumers.Counter.as_route(path="^/counter/"),
    consumers.Garden.as_route(path="^/garden/"),
    include(chat_routing, path="^/chat/"),
]
other_routing = [route("jobs", consumers.pass_on)]

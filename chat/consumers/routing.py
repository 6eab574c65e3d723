"""The routing of the chat: which consumer handles which channel, below the paths in chatproj/routing.py."""

from channels import route, route_class

from chat import consumers
from chat.consumers.bindings import RoomBinding
from chat.consumers.operators import HealthStream, OperatorStreams

room_routing = [
    route("websocket.connect", consumers.ws_connect),
    route("websocket.receive", consumers.ws_receive),
    route("websocket.disconnect", consumers.ws_disconnect),
]

heartbeat_routing = [
    route("websocket.gathered", consumers.answer_heartbeats),
]

lobby_routing = [
    route("websocket.connect", consumers.lobby_connect),
    route("websocket.receive", consumers.ws_ignored),
    route("websocket.disconnect", consumers.lobby_disconnect),
]

me_routing = [
    route("websocket.connect", consumers.me_connect),
    route("websocket.receive", consumers.me_receive),
    route("websocket.disconnect", consumers.me_disconnect),
]

operator_routing = [
    OperatorStreams.as_route(path=r"^rooms/\Z", attrs={"consumers": {RoomBinding.stream: RoomBinding.consumer}}),
    HealthStream.as_route(path=r"^health/\Z"),
]

# A request that matches none of these routes goes to Django's views: see chatproj/routing.py.
http_routing = [
    route("http.request", "chat.consumers.http.healthz", path=r"^/healthz\Z", method=r"^(?:GET|HEAD)\Z"),
    route("http.request", "chat.consumers.http.healthz_refused", path=r"^/healthz\Z"),
]

poll_routing = [
    route("http.disconnect", consumers.poll_disconnect),
]

echo_routing = [
    route("websocket.connect", consumers.echo_connect),
    route("websocket.receive", consumers.echo_receive),
    route("websocket.disconnect", consumers.echo_disconnect),
]

job_routing = [
    route("chat.feeds", "chat.consumers.jobs.publish_news"),
    route("chat.reminders", "chat.consumers.jobs.send_reminder"),
    route("chat.scheduled", "chat.consumers.jobs.post_scheduled"),
    route("chat.tasks", "chat.consumers.jobs.take_long_job"),
    route("chat.unmute", "chat.consumers.jobs.unmute"),
]

# Each of these classes declares its own channels.
board_routing = [
    consumers.AuthConsumer.as_route(path=r"^/auth/(?P<board>[^/]*)/(?P<session>[^/]*)/\Z"),
    route_class(consumers.WriteConsumer, path=r"^/write/(?P<board>[^/]*)/(?P<session>[^/]*)/\Z"),
]

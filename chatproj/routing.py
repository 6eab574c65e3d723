"""
Which consumer takes which channel. The chat's own routes are in chat/consumers/routing.py.

Every path leads somewhere: a handshake that nobody consumes hangs until Daphne gives up on it. The patterns end
as they do because a `$` would let a line end pass after the last slash.
"""

from channels import include, route

from chat import consumers

channel_routing = [
    include("chat.consumers.routing.room_routing", path=r"^/chat/(?P<slug>[^/]*)/\Z"),
    include("chat.consumers.routing.lobby_routing", path=r"^/lobby/\Z"),
    include("chat.consumers.routing.echo_routing", path=r"^/echo/\Z"),
    include("chat.consumers.routing.board_routing"),
    include("chat.consumers.routing.operator_routing", path=r"^/operators/"),
    include("chat.consumers.routing.job_routing"),
    include("chat.consumers.routing.http_routing"),
    include("chat.consumers.routing.poll_routing", path=r"^/api/rooms/[^/]*/poll/\Z"),
    route("websocket.connect", consumers.ws_unknown),
    route("websocket.receive", consumers.ws_ignored),
    route("websocket.disconnect", consumers.ws_ignored),
    route("http.disconnect", consumers.ws_ignored),
]

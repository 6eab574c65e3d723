"""
Which consumer takes which channel. The chat's own routes are in chat/routing.py.

Every path leads somewhere: a handshake that nobody consumes hangs until Daphne gives up on it. The patterns end
as they do because a `$` would let a line end pass after the last slash.
"""
from channels import include, route

from chat import consumers

channel_routing = [
    include("chat.routing.room_routing", path=r"^/chat/(?P<slug>[^/]*)/\Z"),
    include("chat.routing.lobby_routing", path=r"^/lobby/\Z"),
    include("chat.routing.echo_routing", path=r"^/echo/\Z"),
    include("chat.routing.board_routing"),
    include("chat.routing.operator_routing", path=r"^/operators/"),
    include("chat.routing.job_routing"),
    include("chat.routing.http_routing"),
    include("chat.routing.poll_routing", path=r"^/api/rooms/[^/]*/poll/\Z"),
    route("websocket.connect", consumers.ws_unknown),
    route("websocket.receive", consumers.ws_ignored),
    route("websocket.disconnect", consumers.ws_ignored),
    route("http.disconnect", consumers.ws_ignored),
]

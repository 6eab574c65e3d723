r"""
The routing of channels to consumers. The chat's own routes are in chat/consumers/routing.py.

Every path has a consumer, because a handshake without one hangs until Daphne's timeout. The patterns end with `\Z`,
because `$` would accept a line break after the last slash.
"""

from channels import include, route

from chat import consumers

channel_routing = [
    include("chat.consumers.routing.room_routing", path=r"^/chat/(?P<slug>[^/]*)/\Z"),
    include("chat.consumers.routing.heartbeat_routing"),
    include("chat.consumers.routing.me_routing", path=r"^/me/\Z"),
    include("chat.consumers.routing.lobby_routing", path=r"^/lobby/\Z"),
    include("chat.consumers.routing.echo_routing", path=r"^/echo/\Z"),
    include("chat.consumers.routing.board_routing"),
    include("chat.consumers.routing.operator_routing", path=r"^/operators/"),
    include("chat.consumers.routing.job_routing"),
    include("chat.consumers.routing.http_routing"),
    include("chat.consumers.routing.poll_routing", path=r"^/api/rooms/[^/]*/poll/\Z"),
    # Only this consumer supports responses that wait, and responses with stored files.
    route("http.request", "channels_transport.later_response.view_consumer"),
    route("websocket.connect", consumers.ws_unknown),
    route("websocket.receive", consumers.ws_ignored),
    route("websocket.disconnect", consumers.ws_ignored),
    route("http.disconnect", consumers.ws_ignored),
]

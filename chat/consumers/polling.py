"""
The end of a waiting request of long polling: release what the request held.

Views handle the requests themselves (chat/http/api/polling.py). In this module `message` is always the Channels
message.
"""

from chat.connections import PollingConnection

from .admission import release_leases


def poll_disconnect(message):
    """Remove an ended request from its groups. If the client left before the response, release its leases too."""
    context = message.content.get("context")
    if context is None:
        # The client left before the view responded. The view's response causes a second message with the context.
        return
    session = context["session"]
    connection = PollingConnection(context["name"], session, session["address"], message.reply_channel.name)
    connection.end_waiting(context["groups"])
    if not message["answered"]:
        release_leases(connection)

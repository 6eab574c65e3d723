"""
The end of a request that waited for the events of a room: what the request held is released.

The requests themselves are views (chat/http/api/polling.py); in this module `message` is always the Channels message.
"""

from chat.connections import PollingConnection

from .admission import release_leases


def poll_disconnect(message):
    """
    Take a request that is over out of its groups. If its client did not stay for the response, the client has left.
    """
    context = message.content.get("context")
    if context is None:
        # The client left before the view had run; the message that the view's answer causes releases everything.
        return
    session = context["session"]
    connection = PollingConnection(context["name"], session, session["address"], message.reply_channel.name)
    connection.end_waiting(context["groups"])
    if not message["answered"]:
        release_leases(connection)

"""
The end of a request that waited for a room's events: what it held is let go.

The requests themselves are views (chat/http/api/polling.py); in this module `message` is always the Channels message.
"""

from chat import broadcast
from chat.services import limits, presence


def poll_disconnect(message):
    """
    A request that waited is over. It leaves its groups; and where its client did not stay for an answer, that client
    has gone away, and is not present any more.
    """
    context = message.content.get("context")
    if context is None:
        # It left before its view had run: what came of that is told by another of these.
        return
    broadcast.unsubscribe(message.reply_channel, context["groups"])
    if not message["answered"]:
        let_poller_go(context["session"], broadcast.Answers(context["name"]))


def let_poller_go(session, channel):
    """Takes a client that polls off the roster, and counts it no more. `session` is what `describe` has of it."""
    presence.depart(session["room"], session["handle"], channel)
    limits.release_socket(session["person"], session["address"], channel.name)

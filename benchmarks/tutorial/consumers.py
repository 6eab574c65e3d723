"""
The tutorial's consumers join and leave the group, and store and broadcast each message.

The last three functions serve `echo`.

With LAYER=stock the decorators come from Channels 1.x, otherwise from channels_transport.
"""

import os

from channels import Group

from benchmarks.tutorial.models import Message

if os.environ.get("LAYER") == "stock":
    from channels.sessions import channel_session, enforce_ordering
else:
    from channels_transport import channel_session, enforce_ordering


@enforce_ordering
@channel_session
def ws_connect(message, room):
    message.reply_channel.send({"accept": True})
    message.channel_session["room"] = room
    Group(f"room-{room}").add(message.reply_channel)


@enforce_ordering
@channel_session
def ws_receive(message, room):
    Message.objects.create(room=message.channel_session["room"], text=message["text"])
    Group(f"room-{message.channel_session['room']}").send({"text": message["text"]})


@channel_session
def ws_disconnect(message, room):
    Group(f"room-{room}").discard(message.reply_channel)


@enforce_ordering
def echo_connect(message):
    message.reply_channel.send({"accept": True})


@enforce_ordering
def echo_receive(message):
    message.reply_channel.send({"text": message["text"]})


def ignore(message):
    """Handle a disconnect that needs no cleanup."""

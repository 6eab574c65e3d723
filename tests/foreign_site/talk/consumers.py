"""The consumers: function consumers for the rooms, and a demultiplexer with two streams."""

import json
import os

from channels import Channel, Group
from channels.generic.websockets import JsonWebsocketConsumer, WebsocketConsumer, WebsocketDemultiplexer
from channels.sessions import channel_session, enforce_ordering


@enforce_ordering
@channel_session
def ws_connect(message, room):
    """Enter a room. The name of the visitor is in the query string."""
    name = message.content["query_string"]
    message.channel_session["name"] = name.decode() if isinstance(name, bytes) else name
    message.channel_session["said"] = 0
    Group("talk-" + room).add(message.reply_channel)
    message.reply_channel.send({"accept": True})


@enforce_ordering
@channel_session
def ws_receive(message, room):
    """Tell the room what a visitor says, or remind the room later."""
    message.channel_session["said"] += 1
    content = json.loads(message["text"])
    if "remind" in content:
        delayed = {"room": room, "text": content["remind"]}
        Channel("asgi.delay").send({"channel": "talk.reminders", "content": delayed, "delay": 100})
        return
    event = {
        "name": message.channel_session["name"],
        "said": message.channel_session["said"],
        "text": content["text"],
        "worker": os.getpid(),
    }
    Group("talk-" + room).send({"text": json.dumps(event)})


@enforce_ordering
@channel_session
def ws_disconnect(message, room):
    """Leave a room."""
    Group("talk-" + room).discard(message.reply_channel)


def remind(message):
    """Tell a room what somebody wanted to remember."""
    Group("talk-" + message["room"]).send({"text": json.dumps({"reminder": message["text"]})})


class Echo(JsonWebsocketConsumer):
    """A consumer that sends back each message of its stream."""

    def connect(self, message, multiplexer=None, **kwargs):
        """Tell the client that the stream is connected."""
        multiplexer.send({"connected": True})

    def receive(self, content, multiplexer=None, **kwargs):
        """Send a message back."""
        multiplexer.send({"echo": content["text"]})


class Shout(Echo):
    """A consumer that sends back each message of its stream in capitals."""

    def receive(self, content, multiplexer=None, **kwargs):
        """Send a message back in capitals."""
        multiplexer.send({"echo": content["text"].upper()})


class Streams(WebsocketDemultiplexer):
    """Two streams in one websocket."""

    consumers = {"echo": Echo, "shout": Shout}


class Bytes(WebsocketConsumer):
    """A consumer that sends back the length of each message."""

    strict_ordering = True

    def connect(self, message, **kwargs):
        """Accept the websocket. The interface chooses the client's first subprotocol that `--ws-protocol` lists."""
        message.reply_channel.send({"accept": True})

    def receive(self, text=None, bytes=None, **kwargs):
        """Send the length of a message."""
        self.send(text=str(len(text if text is not None else bytes)))

"""The consumers of the live server, and those of the layer with another alias."""

import json
import os

from channels import Channel, Group
from channels.auth import channel_session_user, channel_session_user_from_http
from channels.binding.websockets import WebsocketBinding
from channels.generic.websockets import JsonWebsocketConsumer, WebsocketDemultiplexer
from channels.sessions import enforce_ordering

from tests.channels_transport.plain_site.models import Plant


class Counter(JsonWebsocketConsumer):
    """Counts frames in the channel session, strictly in order."""

    strict_ordering = True
    http_user = True
    groups = ["counters"]

    def receive(self, content, **kwargs):
        session = self.message.channel_session
        session["frames"] = session.get("frames", 0) + 1
        self.send({"frames": session["frames"], "user": str(self.message.user), "pid": os.getpid(), "frame": content})
        if content == "all":
            self.group_send("counters", {"to": "all"})


class LivePlants(WebsocketBinding):
    """Sends changes of plants to every websocket of `Garden`. These websockets may also create plants."""

    model = Plant
    stream = "plants"
    fields = ["name"]

    @classmethod
    def group_names(cls, instance):
        return ["live-plants"]

    def has_permission(self, user, action, pk):
        return True


class Echo(JsonWebsocketConsumer):
    """Answers on its stream. On connect it accepts the websocket a second time, as Channels' default does."""

    def receive(self, content, multiplexer=None, **kwargs):
        multiplexer.send({"echo": content})


class Garden(WebsocketDemultiplexer):
    """Two streams on one websocket."""

    strict_ordering = True
    groups = ["live-plants"]
    consumers = {"plants": LivePlants.consumer, "echo": Echo}


@enforce_ordering
@channel_session_user_from_http
def connect(message):
    message.reply_channel.send({"accept": True})
    Group("everybody").add(message.reply_channel)


@enforce_ordering
@channel_session_user
def receive(message):
    message.reply_channel.send({"text": json.dumps({"order": message["order"], "user": str(message.user)})})


@enforce_ordering
@channel_session_user
def disconnect(message):
    Group("everybody").discard(message.reply_channel)


def pass_on(message):
    """Send a message to the default layer, from a worker of the layer `other`."""
    Channel("arrived").send({"number": message["number"] + 1})
    Group("everybody").send({"text": str(message["number"])})

"""The consumers on Channels 1.1.8: functions for the rooms, a demultiplexer with a data binding, and a reminder."""

from channels import Channel, Group
from channels.auth import channel_session_user, channel_session_user_from_http
from channels.binding.websockets import WebsocketBinding
from channels.generic.websockets import JsonWebsocketConsumer, WebsocketDemultiplexer
from channels.sessions import enforce_ordering
from talk import frames
from talk.bridge import publish
from talk.models import Note
from talk.storing import backlog, group_of, last_id, store


@enforce_ordering
@channel_session_user_from_http
def connect(message, room):
    """Enter a room."""
    if not message.user.is_authenticated:
        message.reply_channel.send({"accept": True, "close": frames.NOT_SIGNED_IN})
        return
    message.channel_session["said"] = 0
    Group(group_of(room)).add(message.reply_channel)
    joined = frames.encode("joined", user=message.user.username, last=last_id(room))
    message.reply_channel.send({"accept": True, "text": joined})


@enforce_ordering
@channel_session_user
def receive(message, room):
    """Answer one frame."""
    try:
        frame = frames.parse(message.get("text"))
    except frames.Rejected as error:
        message.reply_channel.send({"text": frames.rejected_frame(error)})
        return
    if "after" in frame:
        for text in backlog(room, frame["after"]):
            message.reply_channel.send({"text": text})
    elif "remind" in frame:
        content = {"room": room, "text": frame["remind"]}
        delayed = {"channel": "talk.reminders", "content": content, "delay": frame.get("milliseconds", 0)}
        Channel("asgi.delay").send(delayed)
    else:
        message.channel_session["said"] += 1
        row, text = store(message.user, room, frame["ref"], frame["text"])
        ack = frames.encode("ack", ref=row.ref, id=row.pk, said=message.channel_session["said"])
        message.reply_channel.send({"text": ack})
        if text is not None:
            Group(group_of(room)).send({"text": text})


@enforce_ordering
@channel_session_user
def disconnect(message, room):
    """Leave a room."""
    Group(group_of(room)).discard(message.reply_channel)


def remind(message):
    """Tell a room that a reminder is due."""
    text = frames.reminder_frame(message["text"])
    Group(group_of(message["room"])).send({"text": text})
    publish(group_of(message["room"]), text)


def refuse(message):
    """Close a websocket on a path that does not exist."""
    message.reply_channel.send({"accept": True, "close": frames.NOT_FOUND})


def ignore(message):
    """Do nothing."""


class NoteBinding(WebsocketBinding):
    """Sends each change of a note to the stream `notes`."""

    model = Note
    stream = "notes"
    fields = ["text"]

    @classmethod
    def group_names(cls, instance):
        return ["notes"]

    def has_permission(self, user, action, pk):
        return user.is_authenticated and action == "create"


class Shout(JsonWebsocketConsumer):
    """Returns each message of its stream in capitals."""

    def connect(self, message, multiplexer=None, **kwargs):
        multiplexer.send({"connected": True})

    def receive(self, content, multiplexer=None, **kwargs):
        multiplexer.send({"shout": content["text"].upper()})


class Streams(WebsocketDemultiplexer):
    """Two streams in one websocket."""

    http_user = True
    strict_ordering = True
    consumers = {"shout": Shout, "notes": NoteBinding.consumer}

    def connection_groups(self, **kwargs):
        return ["notes"]

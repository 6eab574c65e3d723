"""
Consumers that run the action named in a frame: `{"do": name, ...}`. Each action is a function below.

The path of a socket determines its group. The result of an action is sent as the reply.
"""

import json
import os
import time

from channels import Channel, Group
from channels.exceptions import ConsumeLater, DenyConnection, WebsocketCloseException
from channels.generic.websockets import WebsocketConsumer

from channels_transport import channel_session, enforce_ordering

# `hold` ends after this time if its test has failed.
MAX_HOLD_SECONDS = 100

actions = {}


def action(function):
    actions[function.__name__] = function
    return function


def group_of(message):
    return Group(message["path"].strip("/").replace("/", "-") or "everybody")


def reply(message, **content):
    message.reply_channel.send({"text": json.dumps(content)})


@enforce_ordering
def connect(message):
    if message["path"].startswith("/denied"):
        raise DenyConnection
    group_of(message).add(message.reply_channel)
    message.reply_channel.send({"accept": True})


@enforce_ordering
def receive(message):
    frame = json.loads(message["text"])
    answer = actions[frame.pop("do")](message, **frame)
    if answer is not None:
        reply(message, **answer)


@channel_session
def disconnect(message):
    group_of(message).discard(message.reply_channel)


def send_back(message):
    """Answer each message with the same message: a text with a text, and bytes with the same bytes."""
    message.reply_channel.send(content_of(message))


def send_to_all(message):
    """Send each message to the group of its path."""
    group_of(message).send(content_of(message))


def content_of(message):
    return {name: message[name] for name in ("text", "bytes") if message.get(name) is not None}


class StrictConsumer(WebsocketConsumer):
    """A subclass of Channels' own class, with Channels' own options. It runs the same actions."""

    strict_ordering = True
    channel_session = True

    def receive(self, text=None, bytes=None, **kwargs):
        frame = json.loads(text)
        answer = actions[frame.pop("do")](self.message, **frame)
        if answer is not None:
            self.send(json.dumps(answer))


def job(message):
    """Send a message to a group. A job has no connection."""
    Group(message["group"]).send({"text": json.dumps({"job": message["number"]})})


@action
def echo(message, **frame):
    return {**frame, "pid": os.getpid()}


@action
def broadcast(message, **frame):
    group_of(message).send({"text": json.dumps(frame)})


@action
def broadcast_parts(message, number, count):
    for part in range(count):
        group_of(message).send({"text": json.dumps({"place": [number, part], "pid": os.getpid()})})


@action
def answer_and_broadcast(message, number):
    """Send a reply, a message to the group, and another reply. A test can check their order."""
    reply(message, first=number)
    group_of(message).send({"text": json.dumps({"second": number})})
    reply(message, third=number)


@action
def join(message):
    group_of(message).add(message.reply_channel)
    return {"joined": True}


@action
def sleep(message, seconds, **frame):
    time.sleep(seconds)
    return {**frame, "slept": seconds, "pid": os.getpid()}


@action
def hold(message, until, **frame):
    """Send the pid of this worker at once, and wait until the file `until` exists."""
    message.reply_channel.send({"text": json.dumps({"held": os.getpid()})}, immediately=True)
    deadline = time.monotonic() + MAX_HOLD_SECONDS
    while not os.path.exists(until) and time.monotonic() < deadline:
        time.sleep(0.01)
    return {**frame, "pid": os.getpid()}


@action
def fail(message):
    reply(message, before="it fails")
    raise RuntimeError("on purpose")


@action
def leave(message):
    """End the process at once."""
    os._exit(3)


@action
def deny(message):
    raise DenyConnection


@action
def close(message, code):
    raise WebsocketCloseException(code)


@action
def later(message, **frame):
    """Raise ConsumeLater twice, and then answer."""
    if message.get("__retries__", 0) < 2:
        raise ConsumeLater
    return {**frame, "retries": message["__retries__"]}


@action
def count(message):
    message.channel_session["count"] = message.channel_session.get("count", 0) + 1
    return {"count": message.channel_session["count"]}


@action
def remember(message, name):
    message.channel_session["name"] = name
    return {"name": name}


@action
def tell_name(message, **frame):
    return {**frame, "name": message.channel_session["name"]}


@action
def fill_in_flush(message, **frame):
    """Send more messages than the channel's capacity; the sends fail after the consumer has ended."""
    for _ in range(20):
        Channel("nobody.listens").send({"filler": True})
    return frame


@action
def fill_at_once(message):
    for _ in range(20):
        Channel("nobody.listens").send({"filler": True}, immediately=True)


@action
def send_nonsense(message, **frame):
    message.reply_channel.send({"text": object()})
    Channel("no channel's name").send({})
    return frame


@action
def send_on(message, **frame):
    """Send the same content to the channel again. Some sites requeue messages in this way."""
    Channel("websocket.receive").send({**message.content})
    return frame


@action
def huge(message, size, times):
    for _ in range(times):
        message.reply_channel.send({"text": "x" * size})


@action
def huge_to_all(message, size, times):
    for _ in range(times):
        group_of(message).send({"text": "x" * size})


@action
def start_jobs(message, times):
    for number in range(times):
        Channel("jobs").send({"group": group_of(message).name, "number": number})

"""
Who hears what: the only module that names groups and channels.

Callers publish when the transaction has committed (`transaction.on_commit`). Inside a consumer what is sent leaves
right after it, all of it in one trip to Redis and before the connection's next message may run; outside of one, at
once. It stores nothing and checks no rights.
"""

import hashlib
import time

from channels import DEFAULT_CHANNEL_LAYER, Channel, Group, channel_layers

from chat import protocol


def room_group(room_id):
    return f"room-{room_id}"


def member_group(member_id):
    """All connections of one person in one room."""
    return f"member-{member_id}"


def credential_group(session_key=None, token_id=None):
    """All connections that one login session, or one token, let in. The key itself stays secret."""
    if token_id is not None:
        return f"token-{token_id}"
    return f"login-{hashlib.sha256(session_key.encode()).hexdigest()[:40]}"


def operator_group(person_id):
    """The streams of one operator."""
    return f"operator-{person_id}"


def board_group(board_id):
    """All connections at the door of a board."""
    return f"board-{board_id}"


def owner_group(board_id):
    """The owner's connections among them."""
    return f"owner-{board_id}"


def visitor_group(digest):
    """One visitor's connections among them, by the digest of their session id."""
    return f"visitor-{digest[:40]}"


LOBBY_GROUP = "lobby"
DELAY_CHANNEL = "asgi.delay"
SCHEDULED_CHANNEL = "chat.scheduled"
TASKS_CHANNEL = "chat.tasks"
# Of a long answer, so many parts may wait for the interface that passes them on.
MAX_WAITING_PARTS = 20
LONGEST_WAIT_SECONDS = 30


class Answers:
    """
    Stands in for the reply channel of a connection that asks by HTTP: keeps what is said to it for the answer.

    It has a name, as connections do, but nobody can send to it, and it is in no group. `texts` are the events as they
    were encoded, `code` is that of a close, or None.
    """

    def __init__(self, name):
        self.name = name
        self.texts = []
        self.code = None

    def send(self, content, immediately=False):
        if content.get("text"):
            self.texts.append(content["text"])
        self.code = self.code or content.get("close")


def subscribe(channel, groups):
    """Adds a reply channel to groups."""
    if isinstance(channel, Answers):
        return None
    layer, name = _layer(), _name(channel)
    if hasattr(layer, "group_add_all"):
        # Ours changes several groups in one trip; others know only how to change one.
        return layer.group_add_all(groups, name)
    for group in groups:
        layer.group_add(group, name)
    return None


def resubscribe(channel, groups, on_new):
    """
    Adds a reply channel to groups again, soon: a Redis that has lost them is told what they were. `on_new()` is called
    then, for what was said to them meanwhile was not heard.
    """
    if isinstance(channel, Answers):
        return None
    if hasattr(_layer(), "group_renew"):
        return _layer().group_renew(groups, _name(channel), on_new)
    return subscribe(channel, groups)


def unsubscribe(channel, groups):
    if isinstance(channel, Answers):
        return None
    layer, name = _layer(), _name(channel)
    if hasattr(layer, "group_discard_all"):
        return layer.group_discard_all(groups, name)
    for group in groups:
        layer.group_discard(group, name)
    return None


def _layer():
    return Group(LOBBY_GROUP).channel_layer


def _name(channel):
    return getattr(channel, "name", channel)


def publish(group, event):
    """Sends an event to every connection of a group."""
    Group(group).send({"text": protocol.encode(event)})


def publish_at_once(group, event):
    """The same for consumers that run for long: it leaves now, and not after them."""
    Group(group).send({"text": protocol.encode(event)}, immediately=True)


def publish_to_others(group, event, channel):
    """Sends an event to every connection of a group but one."""
    layer = Group(group).channel_layer
    content = {"text": protocol.encode(event)}
    for other in list(layer.group_channels(group)):
        if other != channel.name:
            try:
                layer.send(other, content)
            except layer.ChannelFull:
                # As in a group's send: this event is lost to it, and its cursor will tell it so.
                continue


def get_listeners(group):
    """Returns the names of the reply channels that are in a group now."""
    return set(_layer().group_channels(group))


def reply(channel, event):
    """Sends an event to one connection."""
    channel.send({"text": protocol.encode(event)})


def accept(channel, event=None, close=None):
    """Completes a handshake; with the first event in the same message, or with a close code the client can read."""
    content = {"accept": True}
    if event is not None:
        content["text"] = protocol.encode(event)
    if close is not None:
        content["close"] = close
    channel.send(content, immediately=True)


def close(channel, code):
    """Closes one connection."""
    channel.send({"close": code})


def close_group(group, code, but=()):
    """Closes every connection of a group, except those that are in one of the groups `but` too."""
    if not but:
        Group(group).send({"close": code})
        return
    layer = Group(group).channel_layer
    spared = {channel for other in but for channel in layer.group_channels(other)}
    for channel in set(layer.group_channels(group)) - spared:
        try:
            layer.send(channel, {"close": code})
        except layer.ChannelFull:
            # As in a group's send: its next frame finds out.
            continue


def echo(channel, content):
    """Answers with the frame as it came."""
    channel.send(content)


def respond(channel, response):
    """Answers a request with one message in the form of `http.response`."""
    channel.send(response)


def start_job(channel, content):
    """Puts a job on a channel of ours (`chat.*`): a worker runs its consumer, perhaps never. A row must back it."""
    Channel(channel).send(content)


def start_job_later(channel, content, seconds):
    """The same after some seconds, by way of the delay server. It may be lost: a row must back it."""
    job = {"channel": channel, "content": content, "delay": round(seconds * 1000)}
    Channel(DELAY_CHANNEL).send(job)


def wait_for_room(channel):
    """
    Waits while much lies in Redis for the interface that `channel` leads to: a long answer then takes no more of its
    memory than a few parts. It gives up waiting after LONGEST_WAIT_SECONDS.
    """
    layer, name = _layer(), _name(channel)
    if not hasattr(layer, "count_waiting"):
        return
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while layer.count_waiting(name) > MAX_WAITING_PARTS and time.monotonic() < deadline:
        time.sleep(0.02)


def queue_statistics():
    """Returns {channel: statistics of the layer} for all channels of ours, {} where the layer keeps none."""
    layer = channel_layers[DEFAULT_CHANNEL_LAYER]
    if "statistics" not in layer.extensions:
        return {}
    # The delay server is no consumer.
    return {name: layer.channel_statistics(name) for name in sorted({*layer.router.channels, DELAY_CHANNEL})}

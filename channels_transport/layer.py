"""
The channel layer: asgi_redis' contract in fewer and larger steps, and with nothing lost in silence.

It differs from its parent in how messages lie in Redis: a message is one list item with its expiry in it, a group's
message is one item per process, and the frames of one connection wait in a list of their own, for one worker at a
time. docs/transport.md describes it all. It knows no chat.
"""

import collections
import contextlib
import logging
import random
import threading
import time

import msgspec
from asgi_redis import RedisChannelLayer as StockRedisChannelLayer
from twisted.internet import threads

from . import scripts
from .receiving import Receiver
from .session_backends import RedisBackend
from .shards import Shard, is_fixed
from .taking import Taker

logger = logging.getLogger(__name__)

# What is kept of a connection's order, after its last frame.
CONNECTION_LEASE_SECONDS = 3600
MAX_WAITING_FRAMES = 1000
# What the websocket.disconnect of a connection says whose interface died: RFC 6455's code for an end without a word,
# and a place behind all others.
CODE_GONE, FAREWELL_ORDER = 1006, 2**31
# Whoever may not fail (a flush, a message to a group) may overfill a list so many times, and is then slowed down.
OVERFILL = 4
SLOW_DOWN_SECONDS = 2
SLOW_DOWN_STEP_SECONDS = 0.02
# A list that did not drain while somebody waited for it is not waited for again so soon.
STALLED_SECONDS = 5
LOG_EVERY_SECONDS = 10
# So many groups' members are kept at hand, where no interface of ours expands what is sent to groups.
MAX_GROUPS = 10000
# What the scripts say of a message that they did not take.
REFUSED = (0, b"full", b"gap")

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder()


def is_ordered(channel, message):
    """Whether a message is one of a connection's, as interfaces send them: those run one after another."""
    return channel.startswith("websocket.") and "order" in message and bool(message.get("reply_channel"))


class GroupSend:
    """One message to a group: its body, and what the item in a process' list says."""

    def __init__(self, group, body, except_channels):
        self.group, self.body, self.except_channels = group, body, except_channels
        self.kind, self.content = "G", body
        if except_channels:
            # Channel names have no comma.
            self.kind, self.content = "E", ",".join(except_channels).encode() + b"\0" + body


class RedisChannelLayer(StockRedisChannelLayer):
    """
    A channel layer in one Redis (or Valkey) server or several, from version 7 on.

    Takes the arguments of asgi_redis' layer, and means the same by them. `receive` gives each thread the next message
    of a connection only when the thread asks again, that is, when it has done with the last one: so any worker keeps
    the order of a connection's messages. Raises UnsupportedRedis at the first use of an older server.
    """

    extensions = ["groups", "flush", "statistics", "twisted"]
    is_shared = True
    connection_turns = None  # the scripts keep the order

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.channel_session_backend = RedisBackend(self)
        self.shards = [Shard(client) for client in self._connection_list]
        self._local = threading.local()
        self._group_members = {}
        self.expanded = collections.defaultdict(collections.deque)  # messages to groups, for members of a process
        self._stalled = {}
        self._logged = collections.defaultdict(float)

    def _register_scripts(self):
        """The parent's scripts are not ours."""

    def command(self, script, *arguments):
        """Returns the command that runs a script on this layer's keys."""
        return script.command(self.prefix, self.stats_prefix, *arguments)

    @property
    def receiver(self):
        """This thread's side of receiving: what it has in hand, and what it waits on."""
        if not hasattr(self._local, "receiver"):
            self._local.receiver = Receiver(self)
        return self._local.receiver

    # Messages.

    def send(self, channel, message):
        """Puts a message on a channel. Raises ChannelFull where there is no room."""
        # A plain channel lies on all shards, and is full when all of its parts are.
        is_spread = not is_fixed(channel) and not is_ordered(channel, message)
        for _ in range(self.ring_size if is_spread else 1):
            index, command = self.send_command(channel, message)
            (answer,) = self.shards[index].call(command)
            if answer not in REFUSED:
                return
        raise self.ChannelFull(channel)

    def send_command(self, channel, message, overfill=1):
        """Returns (index of the shard, the command that sends). Raises AssertionError or TypeError for nonsense."""
        assert isinstance(message, dict), "message is not a dict"
        assert self.valid_channel_name(channel), "Channel name not valid"
        assert "__asgi_channel__" not in message
        body = self.serialize(message)
        if is_ordered(channel, message):
            return self._enqueue_command(channel, message, body)
        target = self.non_local_name(channel)
        name = channel if target != channel else ""
        index = self.consistent_hash(target) if is_fixed(channel) else next(self._send_index_generator)
        capacity = self.get_capacity(target) * overfill
        if not is_fixed(channel):
            capacity = (capacity + index) // self.ring_size  # the parts of all shards add up to it
        return index, self.command(scripts.SEND, target, name, body, self.expiry, capacity)

    def _enqueue_command(self, channel, message, body):
        reply, capacity, farewell = message["reply_channel"], self.get_capacity(channel), ""
        if channel == "websocket.connect":
            farewell = self.serialize(
                {"reply_channel": reply, "path": message.get("path", ""), "code": CODE_GONE, "order": FAREWELL_ORDER}
            )
        return self.consistent_hash(self.non_local_name(reply)), self.command(
            scripts.ENQUEUE,
            channel,
            reply,
            message["order"],
            body,
            self.expiry,
            capacity,
            min(MAX_WAITING_FRAMES, capacity),
            CONNECTION_LEASE_SECONDS,
            farewell,
        )

    def send_later(self, channel, message):
        """Like `send`, with the next trip of this thread's receiver. It does not fail; see `settle`."""
        index, command = self.send_command(channel, message, OVERFILL)
        self.receiver.later(index, command, lambda length: self.settle(self.non_local_name(channel), length, index))

    def run_later(self, index, command, on_answer=None):
        """
        Run a command on a shard with this thread's next trip there, or at once if it has no message in hand.

        `on_answer(answer)`, if any, is called afterwards. For what nobody waits for: a lost connection loses it.
        """
        if self.receiver.reply:
            return self.receiver.later(index, command, on_answer)
        (answer,) = self.shards[index].call(command)
        return on_answer and on_answer(answer)

    def send_group_later(self, group, message, except_channels=()):
        """Send to a group like `send_group`, with the next trip of this thread's receiver."""
        if self.ring_size > 1:
            # It takes trips of its own, behind what waits.
            self.receiver.send_waiting()
            return self.send_group(group, message, except_channels)
        assert self.valid_group_name(group), "Group name not valid"
        send = GroupSend(group, self.serialize(message), except_channels)
        return self.receiver.later(0, self._group_send_command(send), lambda found: self.settle_group(send, found))

    def requeue(self, channel, message):
        """Puts the message in hand of this thread back in front of its connection's others. For ConsumeLater."""
        receiver = self.receiver
        if not receiver.holds(message.get("reply_channel")):
            return self.send(channel, message)
        index = self.consistent_hash(self.non_local_name(message["reply_channel"]))
        body = self.serialize(message)
        command = self.command(
            scripts.GIVE_BACK,
            channel,
            message["reply_channel"],
            body,
            self.expiry,
            CONNECTION_LEASE_SECONDS,
            receiver.name,
        )
        return receiver.later(index, command)

    def receive(self, channels, block=False):
        """
        Returns (channel, message), or (None, None) where nothing comes: at once, or within `blpop_timeout` seconds.

        What this thread received before is done with now.
        """
        channels = list(channels)
        assert all(self.valid_channel_name(channel, receive=True) for channel in channels), "Channel name invalid"
        return (channels and self.receiver.receive(channels, block)) or (None, None)

    def receive_twisted(self, channels):
        """Returns a Deferred of what a blocking `receive` returns."""
        return threads.deferToThread(self.receive, channels, True)

    def new_channel(self, pattern):
        """Returns a new name for a channel with one reader; `pattern` ends with `?`."""
        assert isinstance(pattern, str) and pattern.endswith("?"), "New channel pattern must end with ?"
        return pattern + "".join(random.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", k=20))

    def serialize(self, message):
        """Returns a message as bytes, encrypted where the layer has keys."""
        value = _encoder.encode(message)
        return self.crypter.encrypt(value) if self.crypter else value

    def deserialize(self, message):
        """The reverse. The expiry is the item's own business: an encryptor's clock decides nothing."""
        return _decoder.decode(self.crypter.decrypt(message) if self.crypter else message)

    # Groups.

    def group_add(self, group, channel):
        """Adds a channel to a group for `group_expiry` seconds, or renews it there."""
        self.group_add_all([group], channel)

    def group_add_all(self, groups, channel):
        """Adds a channel to several groups, in one trip to each shard."""
        for index, command in self._group_commands(scripts.GROUP_ADD, groups, channel, self.group_expiry):
            self.shards[index].call(command)

    def group_renew(self, groups, channel, on_new):
        """
        The same, with this thread's next trip: for a channel that most likely is in the groups. `on_new()` is called
        after it if it was not.
        """
        for index, command in self._group_commands(scripts.GROUP_ADD, groups, channel, self.group_expiry):
            self.run_later(index, command, lambda new: new and on_new())

    def group_discard(self, group, channel):
        """Takes a channel out of a group, if it is in it."""
        self.group_discard_all([group], channel)

    def group_discard_all(self, groups, channel):
        """Takes a channel out of several groups, in one trip to each shard."""
        for index, command in self._group_commands(scripts.GROUP_DISCARD, groups, channel):
            self.shards[index].call(command)

    def _group_commands(self, script, groups, channel, *arguments):
        """Returns [(index of a shard, the command that changes the groups there), ...]."""
        assert all(self.valid_group_name(group) for group in groups), "Group name not valid"
        assert self.valid_channel_name(channel), "Channel name not valid"
        process, shards = self.non_local_name(channel) if "!" in channel else "", collections.defaultdict(list)
        for group in groups:
            shards[self.consistent_hash(group)].append(group)
        return [(index, self.command(script, process, channel, *arguments, *names)) for index, names in shards.items()]

    def group_channels(self, group):
        """Returns the channels that are in a group."""
        shard = self.shards[self.consistent_hash(group)]
        (found,) = shard.call(self.command(scripts.GROUP_PROCESSES, group))
        processes = [process.decode() for process in found[::2]]
        if not processes:
            return []
        lists = shard.call(*(self.command(scripts.GROUP_MEMBERS, group, process) for process in processes))
        return [channel.decode() for _, *channels in lists for channel in channels]

    def group_members(self, group, process, version):
        """Returns a process' members of a group, read again where the list is newer than the one at hand."""
        known = self._group_members.get((group, process))
        if known is None or known[0] < version:
            command = self.command(scripts.GROUP_MEMBERS, group, process)
            ((fresh, *members),) = self.shards[self.consistent_hash(group)].call(command)
            self._group_members.pop((group, process), None)
            known = self._group_members[group, process] = fresh, [member.decode() for member in members]
            if len(self._group_members) > MAX_GROUPS:
                del self._group_members[next(iter(self._group_members))]
        return known[1]

    def send_group(self, group, message, except_channels=()):
        """
        Send a message to all channels of a group but `except_channels`: one item for each process that has members.

        It does not fail. A list over its capacity slows the sender down, for a bounded time; what does not fit even
        then is counted, and logged.
        """
        assert isinstance(message, dict), "message is not a dict"
        assert self.valid_group_name(group), "Group name not valid"
        send = GroupSend(group, self.serialize(message), except_channels)
        if self.ring_size == 1:
            (found,) = self.shards[0].call(self._group_send_command(send))
        else:
            found = self._send_group_over_shards(send)
        self.settle_group(send, found)

    def _group_send_command(self, send):
        # Processes' lists are the replies of interfaces, under one name pattern; the group cannot know each.
        capacity = self.get_capacity("daphne.response.x!") * OVERFILL
        return self.command(scripts.GROUP_SEND, send.group, send.kind, send.content, self.expiry, capacity)

    def _send_group_over_shards(self, send):
        shard = self.shards[self.consistent_hash(send.group)]
        (found,) = shard.call(self.command(scripts.GROUP_PROCESSES, send.group))
        lengths = []
        for process, version in zip(found[::2], found[1::2], strict=True):
            length = -1
            if process:
                capacity = self.get_capacity(process.decode()) * OVERFILL
                command = self.command(
                    scripts.GROUP_PUSH, process, send.group, version, send.kind, send.content, self.expiry, capacity
                )
                (length,) = self.shards[self.consistent_hash(process)].call(command)
            lengths += [process, length]
        return lengths

    def settle_group(self, send, found):
        """Does what a script left: serves members that are no process', and slows down for lists that are too long."""
        for process, length in zip(found[::2], found[1::2], strict=True):
            name = process.decode()
            if length == -1:
                self._send_to_plain_members(send)
            else:
                self.settle(name, length)

    def _send_to_plain_members(self, send):
        command = self.command(scripts.GROUP_MEMBERS, send.group, "")
        ((_, *members),) = self.shards[self.consistent_hash(send.group)].call(command)
        for member in members:
            name = member.decode()
            if name not in send.except_channels:
                with contextlib.suppress(self.ChannelFull):
                    self.send(name, self.deserialize(send.body))

    def settle(self, channel, length, index=None):
        """Looks at the length that a list had after a push, or what else Redis said: logs a loss, or slows down."""
        if length in REFUSED:
            self.log_loss(channel, "is full; a message to it is lost")
        elif isinstance(length, int) and length > self.get_capacity(channel):
            self._slow_down(channel, self.consistent_hash(channel) if index is None else index)

    def _slow_down(self, channel, index):
        if time.monotonic() < self._stalled.get(channel, 0):
            return
        deadline = time.monotonic() + SLOW_DOWN_SECONDS
        while time.monotonic() < deadline:
            time.sleep(SLOW_DOWN_STEP_SECONDS)
            (length,) = self.shards[index].call(("LLEN", self.prefix + channel))
            if length <= self.get_capacity(channel):
                return
        self._stalled[channel] = time.monotonic() + STALLED_SECONDS
        self.log_loss(channel, "is over its capacity, and nobody empties it")

    def log_loss(self, channel, what):
        """Logs what happened to a channel, once per burst: Redis counts, people need one line."""
        if time.monotonic() - self._logged[channel, what] > LOG_EVERY_SECONDS:
            self._logged[channel, what] = time.monotonic()
            logger.warning("Channel %s %s (see the layer's statistics)", channel, what)

    def make_taker(self, channel):
        """Return a reader of a plain channel that loses no message with its process."""
        return Taker(self, channel)

    # Statistics, and the end of everything.

    def count_waiting(self, channel):
        """Returns how many messages wait for the process that reads a reply channel: what a sender may go by."""
        target = self.non_local_name(channel)
        (length,) = self.shards[self.consistent_hash(target)].call(("LLEN", self.prefix + target))
        return length

    def channel_statistics(self, channel):
        """
        Returns what happened on a channel since the counting began: messages_count, messages_pending,
        messages_max_age (seconds), channel_full_count; and what was lost there, by reason: expired_count,
        gone_count (sent to an interface that was gone), lost_count (died with a worker).
        """
        total = collections.Counter(dict.fromkeys(COUNTERS, 0))
        ages = [0]
        for shard in self.shards:
            (answer,) = shard.call(self.command(scripts.CHANNEL_STATISTICS, channel, self.expiry))
            pending, age, *counted = answer
            total[self.STAT_MESSAGES_PENDING] += pending
            ages.append(age)
            total.update(_counters(counted))
        return {**total, self.STAT_MESSAGES_MAX_AGE: max(ages) / 1000}

    def global_statistics(self):
        """Returns messages_count, channel_full_count and the losses over all channels."""
        total = collections.Counter(dict.fromkeys(COUNTERS, 0))
        for shard in self.shards:
            (answer,) = shard.call(("HGETALL", f"{self.stats_prefix}{self.global_stats_key}"))
            total.update(_counters(answer))
        return dict(total)

    def flush(self):
        """Forgets every message, group, session and number, on all shards."""
        for shard in self.shards:
            for prefix in (self.prefix, self.stats_prefix):
                shard.call(self.command(scripts.DELETE_MATCHING, f"{prefix}*"))
        self._group_members.clear()
        self._local = threading.local()


COUNTERS = ("messages_count", "channel_full_count", "expired_count", "gone_count", "lost_count")


def _counters(answer):
    return {name.decode(): int(value) for name, value in zip(answer[::2], answer[1::2], strict=True)}

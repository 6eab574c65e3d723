"""A connection for the tests of `enforce_ordering`."""

import itertools

from channels.exceptions import ConsumeLater, DenyConnection
from channels.message import Message
from channels.signals import consumer_finished, consumer_started
from django.db import close_old_connections

from channels_transport import enforce_ordering

_names = (f"replies.ordering{number}" for number in itertools.count())


class OrderedConnection:
    """
    A connection whose consumer records the order numbers of the frames that it ran.

    `feed` passes messages to the consumer. Its arguments are the order numbers of these messages.

    `fails` has the exceptions that the consumer raises, by order number.
    """

    def __init__(self, layer):
        self.layer = layer
        self.name = next(_names)
        self.ran = []
        self.consume = enforce_ordering(self._run)
        self.fails = {}

    def _run(self, message):
        order = message["order"]
        self.ran.append(order)
        if order in self.fails:
            raise self.fails[order]

    def message(self, order, **content):
        return Message({"reply_channel": self.name, "order": order, **content}, "test.frames", self.layer)

    def feed(self, *orders):
        for order in orders:
            self.handle(self.message(order))

    def handle(self, message):
        """Run one message like a worker, and then the messages that were requeued."""
        consumer_started.send(sender=OrderedConnection, environ={})
        try:
            self.consume(message)
        except (ZeroDivisionError, DenyConnection, ConsumeLater):
            pass
        finally:
            consumer_finished.disconnect(close_old_connections)
            consumer_finished.send(sender=OrderedConnection)
            consumer_finished.connect(close_old_connections)
        channel, content = self.layer.receive(["test.frames"])
        if channel:
            self.handle(Message(content, channel, self.layer))

    @property
    def replies(self):
        return list(iter(lambda: self.layer.receive([self.name])[1], None))

"""Fakes of the interface's connections to Redis."""

from twisted.internet import defer

from channels_transport.redis_client import Disconnected


class Client:
    """A fake RedisClient: records the commands in `calls`, and answers when a test calls `answer`."""

    seconds_disconnected = 0
    is_connected = True

    def __init__(self):
        self.calls = []

    def call(self, *commands, seconds=None):
        if not self.is_connected:
            return defer.fail(Disconnected("away"))
        self.calls.append((commands, defer.Deferred()))
        return self.calls[-1][1]

    def answer(self, *answers):
        self.calls[-1][1].callback(list(answers))

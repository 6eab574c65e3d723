"""Stand-ins for the interface's connections to Redis."""

from twisted.internet import defer

from channels_transport.redis_client import Disconnected


class Client:
    """Stands in for RedisClient: keeps the commands, and answers when a test says so."""

    seconds_disconnected = 0
    is_connected = True

    def __init__(self):
        self.asked = []

    def call(self, *commands, seconds=None):
        if not self.is_connected:
            return defer.fail(Disconnected("away"))
        self.asked.append((commands, defer.Deferred()))
        return self.asked[-1][1]

    def answer(self, *answers):
        self.asked[-1][1].callback(list(answers))

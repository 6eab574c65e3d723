"""Fakes of the interface's connections to Redis."""

from twisted.internet import defer

from channels_transport.redis_client import Disconnected


class GroupRedis:
    """
    A fake Redis for a Downstream. It answers with the batches and members that a test has set, and then waits.

    `calls` has the commands. While `held` is a list, the answers about members are put there, with their Deferreds.
    """

    def __init__(self, members=()):
        self.batches, self.members, self.version = [], list(members), 1
        self.calls, self.waiting, self.held = [], None, None

    def call(self, command, seconds=None):
        self.calls.append(command)
        if command[0] != "BLMPOP":
            answer = [b"%016d" % self.version, *(member.encode() for member in self.members)]
            if self.held is not None:
                self.held.append((defer.Deferred(), answer))
                return self.held[-1][0]
            return defer.succeed([answer])
        if self.batches:
            batch = self.batches.pop(0)
            return defer.fail(batch) if isinstance(batch, Exception) else defer.succeed([[b"list", batch]])
        self.waiting = defer.Deferred()
        return self.waiting

    @property
    def readings(self):
        """Return how often the members were read."""
        return len([command for command in self.calls if command[0] == "EVALSHA"])


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

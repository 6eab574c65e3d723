"""Count the round trips to Redis within a `with` block, and the commands that Redis runs, also within scripts."""

import redis

from channels_transport.shards import Shard

# CommandCount itself runs `info`. `time` reads the clock of Redis: some scripts do this, and each process at intervals.
NOT_COUNTED = ("info", "time")


class CommandCount:
    """
    The counts of one block.

    `calls` is {command: how often Redis ran it}. `trips` is the number of round trips of this process.
    """

    def __init__(self, url, monkeypatch):
        self._client = redis.StrictRedis.from_url(url)
        self._monkeypatch = monkeypatch
        self.calls, self.trips = {}, 0

    def __enter__(self):
        self.trips = 0
        self._patch = self._monkeypatch.context()
        self._patch.__enter__().setattr(Shard, "ask", self._counting(Shard.ask))
        self._before = self._read()
        return self

    def __exit__(self, *exception):
        after = self._read()
        self._patch.__exit__(None, None, None)
        calls = {name: number - self._before.get(name, 0) for name, number in after.items()}
        self.calls = {name: number for name, number in calls.items() if number}

    @property
    def scripts(self):
        """Return how many scripts Redis ran."""
        return self.calls.get("evalsha", 0)

    def _counting(self, ask):
        def counting(shard, *commands):
            self.trips += 1
            return ask(shard, *commands)

        return counting

    def _read(self):
        found = self._client.info("commandstats")
        calls = {name[len("cmdstat_") :]: statistics["calls"] for name, statistics in found.items()}
        return {name: number for name, number in calls.items() if name not in NOT_COUNTED}

"""
Talking to one Redis: several commands in one round trip, scripts, and waiting for work that can be interrupted.

Over redis-py's connections, but not over its client: that one sends a command again after a lost connection, and a
message that it had already popped, or pushed, is then lost, or there twice. Here a failed trip is an error.
"""

import contextlib
import os
import select
import time

import hiredis
import redis
from redis.exceptions import NoScriptError, ResponseError

from . import scripts
from .outages import REDIS_OUTAGES

OLDEST_REDIS = 7
CLOCK_SECONDS = 10


def is_fixed(channel):
    """Whether a channel lies on the one shard that its name hashes to; others are spread over all."""
    return "!" in channel or "?" in channel


class UnsupportedRedis(Exception):
    """The server is too old. Its text says what to do."""


class Unsent(redis.ConnectionError):
    """No connection could be made: nothing of the trip has left, so all of it may be tried again."""


class Shard:
    """One Redis server of a layer. Every call takes a connection from redis-py's pool, so threads may share it."""

    def __init__(self, client):
        self.pool = client.connection_pool
        self._clock = None  # (Redis' time minus our monotonic clock in ms, when that was measured)

    def call(self, *commands):
        """
        Runs the commands in one round trip and returns their answers, in order.

        Raises what `ask` raises, and ResponseError for the first command that Redis refused.
        """
        answers = self.ask(*commands)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    def ask(self, *commands):
        """
        The same, with a ResponseError as the answer of a command that Redis refused: the others have run.

        Raises Unsent where there is no connection, and redis' ConnectionError or TimeoutError where it fails: nobody
        knows then what ran.
        """
        connection = self.pool.get_connection("EVALSHA")
        try:
            _connect(connection)
            answers = _exchange(connection, commands)
            unknown = [index for index, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
            if unknown:
                # A new server, or one that has been flushed: nothing of a script has run that is not known.
                _exchange(connection, scripts.Script.load_commands())
                again = _exchange(connection, [commands[index] for index in unknown])
                for index, answer in zip(unknown, again, strict=True):
                    answers[index] = answer
        except BaseException:
            connection.disconnect()
            raise
        finally:
            self.pool.release(connection)
        return answers

    def now(self):
        """Returns the time by Redis' clock, in ms: the one that stamps were made by."""
        mine = time.monotonic()
        if self._clock is None or mine - self._clock[1] > CLOCK_SECONDS:
            ((seconds, micros),) = self.call(("TIME",))
            self._clock = int(seconds) * 1000 + int(micros) // 1000 - mine * 1000, mine
        return self._clock[0] + mine * 1000

    def is_past(self, moment):
        """Whether Redis' clock is past a moment, in ms. Where it seems so it is asked: it may have been set back."""
        if moment > self.now():
            return False
        self._clock = None
        return moment <= self.now()

    def check_version(self):
        """Raises UnsupportedRedis for a server that lacks what the scripts need."""
        (answer,) = self.call(("INFO", "server"))
        fields = dict(line.split(":", 1) for line in answer.decode().splitlines() if ":" in line)
        version = fields["redis_version"]
        if int(version.split(".")[0]) < OLDEST_REDIS:
            raise UnsupportedRedis(
                f"The Redis at {self.address} is {version}: the channel layer needs {OLDEST_REDIS} or later, or Valkey."
            )

    def is_same_as(self, other):
        """Whether another shard's commands run in this very database."""
        mine, theirs = self.pool.connection_kwargs, other.pool.connection_kwargs
        return self.address == other.address and (mine.get("db") or 0) == (theirs.get("db") or 0)

    @property
    def address(self):
        """Where it is, without its password."""
        given = self.pool.connection_kwargs
        return given.get("path") or f"{given.get('host', 'localhost')}:{given.get('port', 6379)}"


def _connect(connection):
    if connection._sock is not None and _readable([connection._sock], 0):
        # Nobody has asked anything: what can be read is the end. Better to find that before sending than after.
        connection.disconnect()
    try:
        connection.connect()
    except REDIS_OUTAGES as outage:
        raise Unsent(str(outage)) from outage


def _exchange(connection, commands):
    # Packed in C: redis-py's own loop over the words takes longer than all else in here.
    connection.send_packed_command([b"".join(map(hiredis.pack_command, commands))])
    answers = []
    for _ in commands:
        try:
            answers.append(connection.read_response())
        except ResponseError as error:
            answers.append(error)
    return answers


class Waiter:
    """A blocking pop on a connection of its own, that can be called off without losing what it pops meanwhile."""

    def __init__(self, shard):
        self._shard = shard
        self._connection = None
        self._id = None
        self._unread = 0

    def begin(self, keys, seconds):
        """Asks for the first item of any of these lists, within `seconds`."""
        self._ask("BLMPOP", seconds, len(keys), *keys, "LEFT", "COUNT", 1)

    def begin_move(self, source, target, seconds):
        """Asks for the first item of one list, which Redis moves to the end of another as it gives it out."""
        self._ask("BLMOVE", source, target, "LEFT", "RIGHT", seconds)

    def _ask(self, *command):
        while self._unread:
            self._unread -= 1
            with contextlib.suppress(ResponseError):
                self._connection.read_response()
        if self._connection is None:
            pool = self._shard.pool
            # Made like the pool's, and not in the pool: its time-out is ours to choose, since it waits on purpose.
            self._connection = pool.connection_class(**pool.connection_kwargs)
            self._connection.send_command("CLIENT", "ID")
            self._id = self._connection.read_response()
        self._connection.send_command(*command)

    def fileno(self):
        return self._connection._sock.fileno()

    def end(self):
        """Returns (list's name, item), or just the item that was moved; None where the time is over."""
        answer = self._connection.read_response()
        if answer is None or isinstance(answer, bytes):
            return answer
        return answer[0].decode(), answer[1][0]

    def say(self, command):
        """Sends a command, now that nothing is waited for, and does not wait for its answer."""
        if self._connection is None or self._connection._sock is None:
            # redis-py would connect anew, and what calls off the waiting knows the old connection's number.
            self.drop()
            raise redis.ConnectionError("The connection that waited is gone")
        self._connection.send_packed_command([hiredis.pack_command(command)])
        self._unread += 1

    def call_off(self):
        """Stops waiting. Returns as `end`: something may have come just before."""
        self._shard.call(("CLIENT", "UNBLOCK", self._id))
        return self.end()

    def drop(self):
        """Forgets a connection that has failed."""
        if self._connection is not None:
            self._connection.disconnect()
            self._connection, self._unread = None, 0


def wait_for_any(waiters, seconds, wakeup=None):
    """Returns the waiters whose answer has come; none after `seconds`, or when something is in the file `wakeup`."""
    readable = _readable([*waiters, *([wakeup] if wakeup is not None else [])], seconds)
    if wakeup in readable:
        os.read(wakeup, 4096)
    return [waiter for waiter in waiters if waiter in readable]


def _readable(files, seconds):
    """Returns those of the files that can be read, once one can. Not by select(), which knows no file above 1023."""
    poll, names = select.poll(), {}
    for file in files:
        names[file if isinstance(file, int) else file.fileno()] = file
        poll.register(file, select.POLLIN)
    return [names[number] for number, _ in poll.poll(seconds * 1000)]

"""
The store of a site with several processes, in Redis: a script or a command for each method of `MemoryStore`.
"""

import redis

from channels_transport import Script, Shard, run_with_next_trip

from .memory import MOST, split_news

# A roster's key outlives its last lease by this much, so that the sweep still finds who is gone.
ROSTER_GRACE_SECONDS = 600


class RedisStore:
    """The state of a site with several processes. The methods are MemoryStore's, each one round trip."""

    is_shared = True
    PREFIX = "chat:"
    _ROSTERS = f"{PREFIX}rosters"

    _TAKE = """
        local time = redis.call('TIME')
        local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
        local burst, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
        local bucket = redis.call('HMGET', KEYS[1], 'level', 'at')
        -- A clock that was set back makes nobody wait for the time before.
        local passed = math.max(0, now - (tonumber(bucket[2]) or now))
        local level = math.min(burst, (tonumber(bucket[1]) or burst) + passed * rate)
        local wait = 0
        if level >= 1 then level = level - 1 else wait = (1 - level) / rate end
        redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', string.format('%.6f', now))
        redis.call('EXPIRE', KEYS[1], math.ceil(burst / rate) + 1)
        return tostring(wait)
    """
    _COUNT = """
        local number = redis.call('INCR', KEYS[1])
        -- More than all of the window is left only where the clock was set back.
        if number == 1 or redis.call('TTL', KEYS[1]) > tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
        return number
    """
    # What ends later than a lease given now was given before the clock was set back: it is counted from now, so that
    # the living have time to renew theirs, and the dead do not stay until the old time has come.
    _SHORTEN = """
        local time = redis.call('TIME')
        local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
        local function shorten(key, longest)
            for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. now + longest, '+inf')) do
                redis.call('ZADD', key, now + longest, member)
            end
        end
    """
    _LEASE = (
        _SHORTEN
        + """
        for _, key in ipairs(KEYS) do
            shorten(key, tonumber(ARGV[2]))
            redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
            if not redis.call('ZSCORE', key, ARGV[1]) and redis.call('ZCARD', key) >= tonumber(ARGV[3]) then
                return 0
            end
            redis.call('ZADD', key, now + tonumber(ARGV[2]), ARGV[1])
            redis.call('EXPIRE', key, ARGV[2])
        end
        return 1
    """
    )
    _COUNT_LEASES = "return redis.call('ZCOUNT', KEYS[1], redis.call('TIME')[1], '+inf')"
    # KEYS: entries (owner \\n entry, by the end of its lease), owners (how many entries each has), news, and the names
    # of the rosters that have entries.
    # ARGV: operation, owner, entry, seconds or the most owners, grace (no lease is longer), the roster's name.
    _ROSTER = (
        _SHORTEN
        + """
        shorten(KEYS[1], tonumber(ARGV[1] == 'enter' and ARGV[4] or ARGV[5]))
        local function note(owner, kind)
            local other = redis.call('HGET', KEYS[3], owner)
            if other and other ~= kind then
                redis.call('HDEL', KEYS[3], owner)
            else
                redis.call('HSET', KEYS[3], owner, kind)
                redis.call('EXPIRE', KEYS[3], ARGV[5])
            end
        end
        local function drop(owner, member)
            if redis.call('ZREM', KEYS[1], member) == 1 and redis.call('HINCRBY', KEYS[2], owner, -1) <= 0 then
                redis.call('HDEL', KEYS[2], owner)
                note(owner, 'went')
            end
        end
        for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
            drop(string.match(member, '^(.-)\\n'), member)
        end
        local function forget_if_empty()
            -- Also one whose keys have ended before anybody looked.
            if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[4], ARGV[6]) end
        end
        local operation, owner = ARGV[1], ARGV[2]
        local member = owner .. '\\n' .. ARGV[3]
        if operation == 'enter' then
            if redis.call('ZADD', KEYS[1], now + tonumber(ARGV[4]), member) == 1
                and redis.call('HINCRBY', KEYS[2], owner, 1) == 1 then note(owner, 'came') end
            redis.call('SADD', KEYS[4], ARGV[6])
            for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, tonumber(ARGV[4]) + tonumber(ARGV[5])) end
            return redis.call('EXISTS', KEYS[3])
        elseif operation == 'leave' then
            drop(owner, member)
            forget_if_empty()
            return redis.call('EXISTS', KEYS[3])
        elseif operation == 'news' then
            local news = redis.call('HGETALL', KEYS[3])
            redis.call('DEL', KEYS[3])
            return {redis.call('HLEN', KEYS[2]), news}
        elseif operation == 'look' then
            forget_if_empty()
            return {redis.call('HLEN', KEYS[2]), redis.call('EXISTS', KEYS[3])}
        end
        local owners, most = {}, tonumber(ARGV[4])
        for index, name in ipairs(redis.call('HKEYS', KEYS[2])) do
            if index > most then break end
            owners[index] = name
        end
        return {redis.call('HLEN', KEYS[2]), owners}
    """
    )

    def __init__(self, url):
        # Bounded in time: a paused Redis must not hold its callers for ever.
        self._client = redis.StrictRedis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
        self._shard = Shard(self._client)
        self._take = Script(self._TAKE)
        self._count = Script(self._COUNT)
        self._lease = Script(self._LEASE)
        self._count_leases = Script(self._COUNT_LEASES)
        self._roster = Script(self._ROSTER)

    def clear(self):
        """Forgets everything. For tests."""
        for key in self._client.scan_iter(f"{self.PREFIX}*"):
            self._client.delete(key)

    def ping(self):
        self._client.ping()

    def take(self, name, burst, per_second):
        return float(self._call(self._take_command(name, burst, per_second)))

    def take_along(self, name, burst, per_second, on_wait):
        self._go_along(self._take_command(name, burst, per_second), lambda wait: float(wait) and on_wait(float(wait)))

    def _take_command(self, name, burst, per_second):
        return self._take.command(burst, per_second, keys=[f"{self.PREFIX}bucket:{name}"])

    def count(self, name, seconds):
        return self._call(self._count.command(seconds, keys=[f"{self.PREFIX}count:{name}"]))

    def lease(self, name, holder, seconds, most):
        return bool(self._call(self._lease_command([name], holder, seconds, most)))

    def renew(self, names, holder, seconds):
        self._go_along(self._lease_command(names, holder, seconds, MOST))

    def _lease_command(self, names, holder, seconds, most):
        return self._lease.command(holder, seconds, most, keys=[f"{self.PREFIX}lease:{name}" for name in names])

    def release(self, name, holder):
        self._call(("ZREM", f"{self.PREFIX}lease:{name}", holder))

    def count_leases(self, name):
        return self._call(self._count_leases.command(keys=[f"{self.PREFIX}lease:{name}"]))

    def enter(self, name, owner, entry, seconds):
        return bool(self._call(self._roster_command(name, "enter", owner, entry, seconds)))

    def stay(self, name, owner, entry, seconds, on_news):
        command = self._roster_command(name, "enter", owner, entry, seconds)
        self._go_along(command, lambda has_news: has_news and on_news())

    def leave(self, name, owner, entry):
        return bool(self._call(self._roster_command(name, "leave", owner, entry)))

    def roster(self, name, most):
        count, owners = self._call(self._roster_command(name, "owners", seconds_or_most=most))
        return [owner.decode() for owner in owners], count

    def roster_sizes(self, names):
        answers = self._shard.call(*(self._roster_command(name, "owners") for name in names)) if names else []
        return [count for count, _ in answers]

    def look_at_rosters(self):
        names = [name.decode() for name in self._call(("SMEMBERS", self._ROSTERS))]
        answers = self._shard.call(*(self._roster_command(name, "look") for name in names)) if names else []
        return {name: (count, bool(news)) for name, (count, news) in zip(names, answers, strict=True)}

    def roster_entries(self, names):
        keys = [f"{self.PREFIX}roster:{name}:entries" for name in names]
        answers = self._shard.call(*(("ZRANGE", key, 0, -1) for key in keys)) if names else []
        pairs = [[member.decode().partition("\n") for member in members] for members in answers]
        return [{entry: owner for owner, _, entry in found} for found in pairs]

    def take_news(self, name):
        count, news = self._call(self._roster_command(name, "news"))
        texts = [text.decode() for text in news]
        return split_news(dict(zip(texts[::2], texts[1::2], strict=True))) + (count,)

    def _roster_command(self, name, operation, owner="", entry="", seconds_or_most=0):
        keys = [f"{self.PREFIX}roster:{name}:{part}" for part in ("entries", "owners", "news")]
        arguments = operation, owner, entry, seconds_or_most, ROSTER_GRACE_SECONDS, name
        return self._roster.command(*arguments, keys=[*keys, self._ROSTERS])

    def _call(self, command):
        return self._shard.call(command)[0]

    def _go_along(self, command, settle=None):
        """Runs a command that nobody waits for: with the worker's next trip, where that leads to the same Redis."""
        run_with_next_trip(self._shard, command, settle)

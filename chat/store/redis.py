"""
The store of a site with several processes, in Redis. The methods of `Store` run scripts and commands.
"""

from collections.abc import Callable, Iterable, Sequence

from channels_transport import Script, Shard, make_redis_client, run_with_next_trip

from .interface import Store, split_changes
from .memory import NO_LIMIT

# The keys of a roster remain for this time after its last entry ends. So a sweep can still find the owners who left.
ROSTER_GRACE_SECONDS = 600


class RedisStore(Store):
    """The state of a site with several processes. `Store` documents the methods. Most need one round trip."""

    is_shared = True
    PREFIX = "chat:"
    _ROSTERS = f"{PREFIX}rosters"

    # ARGV: burst, tokens per second, 1 if the bucket may go into debt. Returns {seconds to wait, tokens left}.
    _TAKE = """
        local time = redis.call('TIME')
        local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
        local burst, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
        local bucket = redis.call('HMGET', KEYS[1], 'level', 'at')
        -- After the clock was set back, callers do not wait until it shows the old time again.
        local passed = math.max(0, now - (tonumber(bucket[2]) or now))
        local level = math.min(burst, (tonumber(bucket[1]) or burst) + passed * rate)
        local wait = 0
        if level < 1 then wait = (1 - level) / rate end
        if level >= 1 or ARGV[3] == '1' then level = level - 1 end
        redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', string.format('%.6f', now))
        redis.call('EXPIRE', KEYS[1], math.ceil((burst - math.min(0, level)) / rate) + 1)
        return {tostring(wait), tostring(level)}
    """
    # ARGV: burst. A bucket that has expired is full.
    _RETURN = """
        local level = tonumber(redis.call('HGET', KEYS[1], 'level'))
        if level then redis.call('HSET', KEYS[1], 'level', tostring(math.min(tonumber(ARGV[1]), level + 1))) end
    """
    _COUNT = """
        local number = redis.call('INCR', KEYS[1])
        -- The counter has more time left than the whole window only if the clock was set back.
        if number == 1 or redis.call('TTL', KEYS[1]) > tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
        return number
    """
    _EXCHANGE = """
        local before = redis.call('GET', KEYS[1])
        redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
        return before
    """
    # If a lease ends later than a new lease would end, it was given before the clock was set back. The script counts
    # such a lease from now. So a running holder has time to renew it, and the lease of a killed holder does not last
    # until the clock shows the old time again.
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
    # KEYS:
    # 1. entries: a sorted set of "owner \\n entry" by the time when the entry ends;
    # 2. owners: a hash of each owner's number of entries;
    # 3. changes: a hash of "came" or "went" for each owner;
    # 4. the set of the names of all rosters that have entries.
    # ARGV: operation, owner, entry, seconds or the limit of owners, grace (s), name of the roster.
    _ROSTER = (
        _SHORTEN
        + """
        shorten(KEYS[1], tonumber(ARGV[1] == 'add' and ARGV[4] or ARGV[5]))
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
            -- The roster may also be empty because its keys expired before a sweep found it.
            if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[4], ARGV[6]) end
        end
        local operation, owner = ARGV[1], ARGV[2]
        local member = owner .. '\\n' .. ARGV[3]
        if operation == 'add' then
            if redis.call('ZADD', KEYS[1], now + tonumber(ARGV[4]), member) == 1
                and redis.call('HINCRBY', KEYS[2], owner, 1) == 1 then note(owner, 'came') end
            redis.call('SADD', KEYS[4], ARGV[6])
            for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, tonumber(ARGV[4]) + tonumber(ARGV[5])) end
            return redis.call('EXISTS', KEYS[3])
        elseif operation == 'remove' then
            drop(owner, member)
            forget_if_empty()
            return redis.call('EXISTS', KEYS[3])
        elseif operation == 'take_changes' then
            local changes = redis.call('HGETALL', KEYS[3])
            redis.call('DEL', KEYS[3])
            return {redis.call('HLEN', KEYS[2]), changes}
        elseif operation == 'summarize' then
            forget_if_empty()
            return {redis.call('HLEN', KEYS[2]), redis.call('EXISTS', KEYS[3])}
        end
        local owners, limit = {}, tonumber(ARGV[4])
        for index, name in ipairs(redis.call('HKEYS', KEYS[2])) do
            if index > limit then break end
            owners[index] = name
        end
        return {redis.call('HLEN', KEYS[2]), owners}
    """
    )

    def __init__(self, url: str) -> None:
        # The client has timeouts, because a paused Redis must not block the callers.
        self._client = make_redis_client(url, socket_timeout=5, socket_connect_timeout=5)
        self._shard = Shard(self._client)
        self._take = Script(self._TAKE)
        self._return = Script(self._RETURN)
        self._count = Script(self._COUNT)
        self._exchange = Script(self._EXCHANGE)
        self._lease = Script(self._LEASE)
        self._count_leases = Script(self._COUNT_LEASES)
        self._roster = Script(self._ROSTER)

    def clear(self) -> None:
        for key in self._client.scan_iter(f"{self.PREFIX}*"):
            self._client.delete(key)

    def ping(self) -> None:
        self._client.ping()

    def take_token(self, name: str, burst: float, per_second: float) -> float:
        wait, _ = self._call(self._take_command(name, burst, per_second, may_owe=0))
        return float(wait)

    def return_token(self, name: str, burst: float) -> None:
        self._call(self._return.command(burst, keys=[f"{self.PREFIX}bucket:{name}"]))

    def take_token_deferred(
        self, name: str, burst: float, per_second: float, on_taken: Callable[[float], object]
    ) -> None:
        command = self._take_command(name, burst, per_second, may_owe=1)
        self._call_deferred(command, lambda answer: on_taken(float(answer[1])))

    def _take_command(self, name, burst, per_second, may_owe):
        return self._take.command(burst, per_second, may_owe, keys=[f"{self.PREFIX}bucket:{name}"])

    def increment(self, name: str, seconds: float) -> int:
        return self._call(self._count.command(seconds, keys=[f"{self.PREFIX}count:{name}"]))

    def exchange(self, name: str, text: str, seconds: float) -> str | None:
        before = self._call(self._exchange.command(text, seconds, keys=[f"{self.PREFIX}text:{name}"]))
        return None if before is None else before.decode()

    def acquire_lease(self, name: str, holder: str, seconds: float, limit: int) -> bool:
        return bool(self._call(self._lease_command([name], holder, seconds, limit)))

    def renew_leases(self, names: Sequence[str], holder: str, seconds: float) -> None:
        self._call_deferred(self._lease_command(names, holder, seconds, NO_LIMIT))

    def _lease_command(self, names, holder, seconds, limit):
        return self._lease.command(holder, seconds, limit, keys=[f"{self.PREFIX}lease:{name}" for name in names])

    def release_lease(self, name: str, holder: str) -> None:
        self._call(("ZREM", f"{self.PREFIX}lease:{name}", holder))

    def count_leases(self, name: str) -> int:
        return self._call(self._count_leases.command(keys=[f"{self.PREFIX}lease:{name}"]))

    def add_entry(self, name: str, owner: str, entry: str, seconds: float) -> bool:
        return bool(self._call(self._roster_command(name, "add", owner, entry, seconds)))

    def renew_entry(self, name: str, owner: str, entry: str, seconds: float, on_changes: Callable[[], object]) -> None:
        command = self._roster_command(name, "add", owner, entry, seconds)
        self._call_deferred(command, lambda has_changes: has_changes and on_changes())

    def remove_entry(self, name: str, owner: str, entry: str) -> bool:
        return bool(self._call(self._roster_command(name, "remove", owner, entry)))

    def list_owners(self, name: str, limit: int) -> tuple[list[str], int]:
        count, owners = self._call(self._roster_command(name, "owners", seconds_or_limit=limit))
        return [owner.decode() for owner in owners], count

    def count_owners(self, names: Iterable[str]) -> list[int]:
        return [count for count, _ in self._call_all(self._roster_command(name, "owners") for name in names)]

    def list_entries(self, names: Iterable[str]) -> list[dict[str, str]]:
        keys = [f"{self.PREFIX}roster:{name}:entries" for name in names]
        answers = self._call_all(("ZRANGE", key, 0, -1) for key in keys)
        pairs = [[member.decode().partition("\n") for member in members] for members in answers]
        return [{entry: owner for owner, _, entry in found} for found in pairs]

    def summarize_rosters(self) -> dict[str, tuple[int, bool]]:
        names = [name.decode() for name in self._call(("SMEMBERS", self._ROSTERS))]
        answers = self._call_all(self._roster_command(name, "summarize") for name in names)
        return {name: (count, bool(changes)) for name, (count, changes) in zip(names, answers, strict=True)}

    def take_changes(self, name: str) -> tuple[list[str], list[str], int]:
        count, changes = self._call(self._roster_command(name, "take_changes"))
        texts = [text.decode() for text in changes]
        came, went = split_changes(dict(zip(texts[::2], texts[1::2], strict=True)))
        return came, went, count

    def _roster_command(self, name, operation, owner="", entry="", seconds_or_limit=0):
        keys = [f"{self.PREFIX}roster:{name}:{part}" for part in ("entries", "owners", "changes")]
        arguments = operation, owner, entry, seconds_or_limit, ROSTER_GRACE_SECONDS, name
        return self._roster.command(*arguments, keys=[*keys, self._ROSTERS])

    def _call_all(self, commands):
        """Run commands in one round trip. Make no round trip if there are no commands."""
        commands = list(commands)
        return self._shard.call(*commands) if commands else []

    def _call(self, command):
        return self._shard.call(command)[0]

    def _call_deferred(self, command, on_answer=None):
        """Run a command with the worker's next round trip, or now outside a worker. Then call `on_answer(answer)`."""
        run_with_next_trip(self._shard, command, on_answer)

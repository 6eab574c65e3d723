"""
What a script is, and what the layer's scripts share.
"""

import hashlib


class Script:
    """
    A script and the name under which Redis keeps it.

    One that `frees` runs even where Redis has no memory left: else nothing that fills it could be taken out. `known`
    has all there are in this process: a Redis that has forgotten one is told them all.
    """

    known = {}

    def __init__(self, text, frees=False):
        self.text = ("#!lua flags=allow-oom\n" if frees else "") + text
        self.sha = hashlib.sha1(self.text.encode()).hexdigest()
        self.known[self.sha] = self

    def command(self, *arguments, keys=()):
        """Returns the Redis command that runs it. The layer's make their keys from their arguments."""
        return ("EVALSHA", self.sha, len(keys), *keys, *arguments)

    @classmethod
    def load_commands(cls):
        """Returns the commands that make Redis know every script."""
        return [("SCRIPT", "LOAD", script.text) for script in cls.known.values()]


class LayerScript(Script):
    """A script on a layer's keys, with what such scripts share."""

    def __init__(self, text, frees=False):
        super().__init__(_with_shared(text), frees)


# ARGV[1] and ARGV[2] are the layer's prefix and its statistics' prefix in every script.
_PRELUDE = """
local P, S = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

# What scripts share. Each is given the functions that it names, and those that these name: to make all of them anew
# at every call would take a quarter of a script's time. A function stands behind those that it calls.
_SHARED = {
    "micros": "local function micros() return string.format('%d%06d', time[1], time[2]) end",
    "count": """
local function count(channel, name, by)
    redis.call('HINCRBY', S .. channel, name, by or 1)
    redis.call('EXPIRE', S .. channel, 86400)
    redis.call('HINCRBY', S .. '#global#', name, by or 1)
end
""",
    "stamp": "local function stamp(seconds) return string.format('%013d', now + tonumber(seconds) * 1000) end",
    # What another layer left in a list, under the same prefix, counts as expired.
    "is_expired": "local function is_expired(item) return (tonumber(string.sub(item, 2, 14)) or 0) <= now end",
    # A list outlives its messages, so that whoever comes late still counts what expired in it.
    "push": """
local function push(channel, item, seconds)
    local length = redis.call('RPUSH', P .. channel, item)
    redis.call('EXPIRE', P .. channel, seconds + 3600)
    return length
end
""",
    # Expired messages at the head of a list make room, and are counted. A turn is never dropped.
    "is_full": """
local function is_full(channel, capacity)
    local key = P .. channel
    if redis.call('LLEN', key) < tonumber(capacity) then return false end
    while true do
        local head = redis.call('LINDEX', key, 0)
        if not head or string.sub(head, 1, 1) == 'T' or not is_expired(head) then break end
        redis.call('LPOP', key)
        count(channel, 'expired_count')
    end
    if redis.call('LLEN', key) < tonumber(capacity) then return false end
    count(channel, 'channel_full_count')
    return true
end
""",
    # Each worker asks for what the dead have left, each second. When nobody has for a while, this Redis was away (or
    # everybody was), and leases have ended that the living could not renew: they get the time to. No more of it than is
    # granted there, lest a clock that was set back make all wait for the time before.
    "was_away": """
local function was_away()
    local asked = redis.call('HMGET', P .. 'reclaim', 'at', 'from')
    if not asked[1] then return false end
    local left = tonumber(asked[2]) - now
    return now - tonumber(asked[1]) > 3000 or (left > 0 and left <= 2000)
end
""",
    # What ends later than any lease given now was given before the clock was set back: it is counted from now, so that
    # the living have time to renew theirs, and the dead do not live until the time before has come.
    "shorten": """
local function shorten(leases, longest)
    for _, holder in ipairs(redis.call('ZRANGEBYSCORE', P .. leases, '(' .. now + longest, '+inf')) do
        redis.call('ZADD', P .. leases, now + longest, holder)
    end
end
""",
    # An interface whose lease has ended has no connections any more.
    "is_gone": """
local function is_gone(process)
    local lease = redis.call('ZSCORE', P .. 'interfaces', process)
    return lease and tonumber(lease) < now and not was_away()
end
""",
    # Should it live after all, it reads there that its connections have lost something.
    "mark_forgotten": """
local function mark_forgotten(process)
    redis.call('SADD', P .. 'forgotten', process)
    redis.call('EXPIRE', P .. 'forgotten', 3600)
end
""",
    "forget": """
local function forget(group, process)
    redis.call('DEL', P .. 'members:' .. group .. ':' .. process)
    redis.call('HDEL', P .. 'group:' .. group, process)
    mark_forgotten(process)
    count(process, 'gone_count')
end
""",
    "read_session": """
local function read_session(reply)
    local key = P .. 'session:chn' .. string.sub(redis.sha1hex(reply), 1, 29)
    local session = redis.call('GET', key)
    if session then redis.call('EXPIRE', key, 3600, 'GT') end
    return session
end
""",
    # Every interface's open connections: of each the websocket.disconnect that is run should the interface die ('C'),
    # or that is on its way already ('D').
    "open_connections": """
local function open_connections(reply) return P .. 'open:' .. (string.match(reply, '^(.-!)') or '') end
""",
    "say_farewell": """
local function say_farewell(reply, body)
    redis.call('HDEL', open_connections(reply), reply)
    redis.call('RPUSH', P .. 'frames:' .. reply, 'F' .. stamp(60) .. 'websocket.disconnect\\0' .. body)
    redis.call('EXPIRE', P .. 'frames:' .. reply, 3600)
end
""",
    # A frame is taken off its connection's list by the worker that is about to run it, and by nobody else.
    "pop_frame": """
local function pop_frame(reply)
    local frame = redis.call('LPOP', P .. 'frames:' .. reply)
    return frame and string.sub(frame, string.find(frame, '\\0', 15, true) + 1)
end
""",
    # No clock tells turns, or versions of a group, one from another: a clock may be set back.
    "next_number": """
local function next_number()
    local number = redis.call('INCR', P .. 'turn-number')
    if number == 1 then
        -- A Redis that lost its memory: what workers and interfaces hold still bears numbers of before.
        number = tonumber(micros())
        redis.call('SET', P .. 'turn-number', string.format('%d', number))
    end
    return string.format('%016d', number)
end
""",
    # A connection's turn: 'owner' is a worker's name, or '-' while the turn lies in a channel's list, or is on its way
    # from there to a worker that has not claimed it yet.
    # Where nothing lies in the list, a worker may be waiting at it, and can begin with what is copied here.
    "offer": """
local function offer(reply)
    local turn, frame = P .. 'turn:' .. reply, redis.call('LINDEX', P .. 'frames:' .. reply, 0)
    if not frame then
        redis.call('HDEL', turn, 'owner', 'channel', 'number')
        redis.call('ZREM', P .. 'turns', reply)
        return
    end
    local number = next_number()
    local channel, rest = string.sub(frame, 15, string.find(frame, '\\0', 15, true) - 1), '?\\0'
    if redis.call('LLEN', P .. channel) == 0 then
        local session = read_session(reply) or ''
        rest = #session .. '\\0' .. session .. string.sub(frame, 16 + #channel)
    end
    redis.call('HSET', turn, 'owner', '-', 'channel', channel, 'number', number)
    redis.call('ZADD', P .. 'turns', now + 4000, reply)
    push(channel, 'T' .. string.sub(frame, 2, 14) .. number .. reply .. '\\0' .. rest, 60)
end
""",
    # A frame is done with, or nobody's any more: the next one's turn. After the last of a connection, what is kept of
    # it need not wait for its lease to end.
    "pass_on": """
local function pass_on(reply, channel)
    offer(reply)
    if channel == 'websocket.disconnect' then
        redis.call('EXPIRE', P .. 'turn:' .. reply, 30)
        redis.call('HDEL', open_connections(reply), reply)
    end
end
""",
    # A frame that a worker had taken has not been run to its end. What cleans up after a connection gets a second try;
    # no more, for it may be what ends workers.
    "lose": """
local function lose(reply, channel)
    count(channel or 'unknown', 'lost_count')
    local farewell = channel == 'websocket.disconnect' and redis.call('HGET', open_connections(reply), reply)
    if farewell then say_farewell(reply, string.sub(farewell, 2)) end
    offer(reply)
end
""",
}


def _with_shared(text):
    """Returns a script with what it needs of the above in front of it."""
    for name, function in reversed(_SHARED.items()):
        if f"{name}(" in text:
            text = f"{function}\n{text}"
    return _PRELUDE + text

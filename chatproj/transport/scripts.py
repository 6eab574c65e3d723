"""
What runs inside Redis: the channel layer's Lua scripts, each one atomic.

docs/transport.md tells which keys they touch and why. Time in them is Redis' own, so that no sender's clock decides
when a message expires or a lease ends. Keys are made here from the prefix: a layer's shard is one Redis, no cluster.

Items of a channel's list begin with a letter:

    M <expiry, 13 digits of ms> <full channel name, or nothing> NUL <body>    a message
    G <expiry> <version, 16 digits> <group> NUL <body>                        a message to a group's local members
    T <reply channel>                                                         a token: this connection has work

and a connection's own list holds `F <expiry> <channel> NUL <body>`, its frames in their order.
"""
import hashlib


class Script:
    """
    A script and the name under which Redis keeps it.

    One that `frees` runs even where Redis has no memory left: else nothing that fills it could be taken out. `known`
    has all there are in this process: a Redis that has forgotten one is told them all.
    """

    known = {}

    def __init__(self, text, frees=False, prelude=None):
        self.text = ("#!lua flags=allow-oom\n" if frees else "") + (_PRELUDE if prelude is None else prelude) + text
        self.sha = hashlib.sha1(self.text.encode()).hexdigest()
        self.known[self.sha] = self

    def command(self, *arguments, keys=()):
        """Returns the Redis command that runs it. The layer's make their keys from their arguments."""
        return ("EVALSHA", self.sha, len(keys), *keys, *arguments)

    @classmethod
    def load_commands(cls):
        """Returns the commands that make Redis know every script."""
        return [("SCRIPT", "LOAD", script.text) for script in cls.known.values()]


# ARGV[1] and ARGV[2] are the layer's prefix and its statistics' prefix in every script.
_PRELUDE = """
local P, S = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local micros = string.format('%d%06d', time[1], time[2])

local function count(channel, name, by)
    redis.call('HINCRBY', S .. channel, name, by or 1)
    redis.call('EXPIRE', S .. channel, 86400)
    redis.call('HINCRBY', S .. '#global#', name, by or 1)
end

local function stamp(seconds) return string.format('%013d', now + tonumber(seconds) * 1000) end
-- What another layer left in a list, under the same prefix, counts as expired.
local function is_expired(item) return (tonumber(string.sub(item, 2, 14)) or 0) <= now end

-- A list outlives its messages, so that whoever comes late still counts what expired in it.
local function push(channel, item, seconds)
    local length = redis.call('RPUSH', P .. channel, item)
    redis.call('EXPIRE', P .. channel, seconds + 3600)
    return length
end

-- Expired messages at the head of a list make room, and are counted.
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

-- Each worker asks for what the dead have left, each second. When nobody has for a while, this Redis was away (or
-- everybody was), and leases have ended that the living could not renew: they get the time to.
local function was_away()
    local asked = redis.call('HMGET', P .. 'reclaim', 'at', 'from')
    return asked[1] and (now - tonumber(asked[1]) > 3000 or now < tonumber(asked[2]))
end

-- An interface whose lease has ended has no connections any more.
local function is_gone(process)
    local lease = redis.call('ZSCORE', P .. 'interfaces', process)
    return lease and tonumber(lease) < now and not was_away()
end

-- Should it live after all, it reads there that its connections have lost something.
local function mark_forgotten(process, by)
    redis.call('SADD', P .. 'forgotten', process)
    redis.call('EXPIRE', P .. 'forgotten', 3600)
    count(process, 'gone_count', by)
end

local function forget(group, process)
    redis.call('DEL', P .. 'members:' .. group .. ':' .. process)
    redis.call('HDEL', P .. 'group:' .. group, process)
    mark_forgotten(process)
end

-- A connection's turn: 'owner' is a worker's name, or '-' while its token lies in a channel's list.
local TOKEN_GRACE = 4000
local function frame_channel(frame) return string.sub(frame, 15, string.find(frame, '\\0', 15, true) - 1) end

local function offer(reply)
    local turn, frames = P .. 'turn:' .. reply, P .. 'frames:' .. reply
    local head = redis.call('LINDEX', frames, 0)
    if head then
        redis.call('HSET', turn, 'owner', '-')
        redis.call('ZADD', P .. 'turns', now + TOKEN_GRACE, reply)
        push(frame_channel(head), 'T' .. reply, 60)
    else
        redis.call('HDEL', turn, 'owner')
        redis.call('ZREM', P .. 'turns', reply)
    end
end
"""

# ARGV: channel, item's name part, body, expiry, capacity. Returns the list's length, or 0 where it is full.
SEND = Script("""
local channel, name, body, seconds, capacity = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if is_full(channel, capacity) then return 0 end
count(channel, 'messages_count')
return push(channel, 'M' .. stamp(seconds) .. name .. '\\0' .. body, seconds)
""")

# ARGV: channel, reply channel, order, body, expiry, capacity, most frames of one connection, lease of its record; and
# from an interface 'first' (all before it was taken once: what is missing was lost in here) or 'next' (it comes right
# behind the other in its trip, or not at all).
# Returns 'ok', 'again' (it came before), 'full', or 'gap' (the one before it has not come).
ENQUEUE = Script("""
local channel, reply, order, body, seconds = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7]
local capacity, most, lease = ARGV[8], tonumber(ARGV[9]), ARGV[10]
local turn, frames = P .. 'turn:' .. reply, P .. 'frames:' .. reply
local record = redis.call('HMGET', turn, 'order', 'owner')
local last = record[1] and tonumber(record[1])
if last and order <= last then return 'again' end
if ARGV[11] == 'next' and last ~= order - 1 then return 'gap' end
if last and order > last + 1 then
    if ARGV[11] ~= 'first' then return 'gap' end
    count(channel, 'lost_count', order - last - 1)
end
if redis.call('LLEN', frames) >= most then
    count(channel, 'channel_full_count')
    return 'full'
end
if not record[2] and is_full(channel, capacity) then return 'full' end
redis.call('HSET', turn, 'order', order)
redis.call('RPUSH', frames, 'F' .. stamp(seconds) .. channel .. '\\0' .. body)
redis.call('EXPIRE', turn, lease)
redis.call('EXPIRE', frames, lease)
count(channel, 'messages_count')
if not record[2] then offer(reply) end
return 'ok'
""")

# ARGV: channel, reply channel, body, expiry, lease of its record. The frame is again the first of its connection.
GIVE_BACK = Script("""
redis.call('LPUSH', P .. 'frames:' .. ARGV[4], 'F' .. stamp(ARGV[6]) .. ARGV[3] .. '\\0' .. ARGV[5])
redis.call('EXPIRE', P .. 'frames:' .. ARGV[4], ARGV[7])
""", frees=True)

# ARGV: worker, its lease (ms), the connection it has finished or '', since when it had its turn, a token in hand or '',
# the session's key part, the lease of a session (s), where to begin, then the channels. Returns false, or {channel,
# body, reply, session, since}.
NEXT = Script("""
local worker, lease, finished, since, token, sessions = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local session_lease, start, first = ARGV[9], tonumber(ARGV[10]), 11
local total = #ARGV - first + 1

if finished ~= '' then
    local turn = P .. 'turn:' .. finished
    local record = redis.call('HMGET', turn, 'owner', 'channel', 'since')
    if record[1] == worker then
        -- It had its next turn already: the answer that held the frame was lost on its way.
        if record[3] ~= since then count(record[2], 'lost_count') end
        redis.call('HDEL', turn, 'channel')
        offer(finished)
        -- The last of a connection: what is kept of it need not wait for its lease to end.
        if record[2] == 'websocket.disconnect' then redis.call('EXPIRE', turn, 30) end
    end
end

local function listens(channel)
    for index = first, #ARGV do
        if ARGV[index] == channel then return true end
    end
    return false
end

local function take(reply)
    local turn, frames = P .. 'turn:' .. reply, P .. 'frames:' .. reply
    if redis.call('HGET', turn, 'owner') ~= '-' then return nil end
    while true do
        local frame = redis.call('LINDEX', frames, 0)
        if not frame or not listens(frame_channel(frame)) then
            offer(reply)
            return nil
        end
        redis.call('LPOP', frames)
        local channel = frame_channel(frame)
        if is_expired(frame) then
            count(channel, 'expired_count')
        else
            redis.call('HSET', turn, 'owner', worker, 'channel', channel, 'since', micros)
            redis.call('ZADD', P .. 'turns', now + lease, reply)
            local key = sessions .. string.sub(redis.sha1hex(reply), 1, 29)
            local session = redis.call('GET', key)
            if session then redis.call('EXPIRE', key, session_lease, 'GT') end
            return {channel, string.sub(frame, 16 + #channel), reply, session, micros}
        end
    end
end

if token ~= '' then
    local found = take(token)
    if found then return found end
end
for step = 0, total - 1 do
    local channel = ARGV[first + (start + step) % total]
    while true do
        local item = redis.call('LPOP', P .. channel)
        if not item then break end
        local kind = string.sub(item, 1, 1)
        if kind == 'T' then
            local found = take(string.sub(item, 2))
            if found then return found end
        elseif is_expired(item) then
            count(channel, 'expired_count')
        else
            return {channel, item, '', false, ''}
        end
    end
end
return false
""", frees=True)

# ARGV: worker, lease (ms), the connection it works on. Returns 1 while the worker still owns its turn.
RENEW = Script("""
if redis.call('HGET', P .. 'turn:' .. ARGV[5], 'owner') ~= ARGV[3] then return 0 end
redis.call('ZADD', P .. 'turns', 'XX', now + tonumber(ARGV[4]), ARGV[5])
return 1
""", frees=True)

# Turns whose lease has ended: a token that was popped by a worker that died, or a frame that died with it.
# And what was sent to interfaces that are gone. ARGV: how many at most. Returns the reply channels that lost a frame.
RECLAIM = Script("""
local lost, reclaim = {}, P .. 'reclaim'
local at = redis.call('HGET', reclaim, 'at')
if at and now - tonumber(at) > 3000 then redis.call('HSET', reclaim, 'from', now + 2000) end
redis.call('HSET', reclaim, 'at', now)
redis.call('HSETNX', reclaim, 'from', 0)
if was_away() then return lost end
for _, process in ipairs(redis.call('ZRANGEBYSCORE', P .. 'interfaces', '-inf', now)) do
    local left = redis.call('LLEN', P .. process)
    if left > 0 then
        redis.call('DEL', P .. process)
        mark_forgotten(process, left)
    end
end
for _, reply in ipairs(redis.call('ZRANGEBYSCORE', P .. 'turns', '-inf', now, 'LIMIT', 0, ARGV[3])) do
    local turn = P .. 'turn:' .. reply
    local record = redis.call('HMGET', turn, 'owner', 'channel')
    local head = redis.call('LINDEX', P .. 'frames:' .. reply, 0)
    if record[1] == '-' and head and redis.call('LPOS', P .. frame_channel(head), 'T' .. reply) then
        redis.call('ZADD', P .. 'turns', now + TOKEN_GRACE, reply)
    else
        if record[1] and record[1] ~= '-' then
            count(record[2] or 'unknown', 'lost_count')
            redis.call('HDEL', turn, 'channel')
            lost[#lost + 1] = reply
        end
        offer(reply)
    end
end
return lost
""", frees=True)

# Groups. `group:<group>` maps each process that has members (or '' for channels that anybody may read) to the version
# of their list, the moment of its last change; `members:<group>:<process>` holds them by the end of their time.

# ARGV: group, process, channel, expiry of the membership.
GROUP_ADD = Script("""
local group, members = P .. 'group:' .. ARGV[3], P .. 'members:' .. ARGV[3] .. ':' .. ARGV[4]
-- asgi_redis kept a group's members there: their connections ended with the interfaces before us.
if redis.call('TYPE', group).ok == 'zset' then redis.call('DEL', group) end
if redis.call('ZADD', members, now + tonumber(ARGV[6]) * 1000, ARGV[5]) == 1
    or redis.call('HEXISTS', group, ARGV[4]) == 0 then redis.call('HSET', group, ARGV[4], micros) end
redis.call('EXPIRE', members, ARGV[6])
redis.call('EXPIRE', group, ARGV[6])
""")

# ARGV: group, process, channel.
GROUP_DISCARD = Script("""
local group, members = P .. 'group:' .. ARGV[3], P .. 'members:' .. ARGV[3] .. ':' .. ARGV[4]
if redis.call('ZREM', members, ARGV[5]) == 0 then return end
if redis.call('EXISTS', members) == 1 then
    redis.call('HSET', group, ARGV[4], micros)
else
    redis.call('HDEL', group, ARGV[4])
end
""", frees=True)

# ARGV: group, process. Returns {version, member, ...}.
GROUP_MEMBERS = Script("""
local members = P .. 'members:' .. ARGV[3] .. ':' .. ARGV[4]
redis.call('ZREMRANGEBYSCORE', members, '-inf', now)
local found = redis.call('ZRANGE', members, 0, -1)
table.insert(found, 1, redis.call('HGET', P .. 'group:' .. ARGV[3], ARGV[4]) or micros)
return found
""")

# ARGV: group. Returns {process, version, process, version, ...}: those that are alive.
GROUP_PROCESSES = Script("""
local found, all = {}, redis.call('HGETALL', P .. 'group:' .. ARGV[3])
for index = 1, #all, 2 do
    if all[index] ~= '' and is_gone(all[index]) then
        forget(ARGV[3], all[index])
    else
        found[#found + 1] = all[index]
        found[#found + 1] = all[index + 1]
    end
end
return found
""")

# ARGV: process, group, version, body, expiry, capacity. Returns the list's length, or 0 where it is full.
GROUP_PUSH = Script("""
if is_full(ARGV[3], ARGV[8]) then return 0 end
count(ARGV[3], 'messages_count')
return push(ARGV[3], 'G' .. stamp(ARGV[7]) .. ARGV[5] .. ARGV[4] .. '\\0' .. ARGV[6], ARGV[7])
""")

# Both of the above in one, for a layer with one shard. ARGV: group, body, expiry, capacity of a process' list. Returns
# {process, length of its list or 0 where it was full, ...}, with -1 for '', whose members the caller serves.
GROUP_SEND = Script("""
local group, lengths = P .. 'group:' .. ARGV[3], {}
local all = redis.call('HGETALL', group)
for index = 1, #all, 2 do
    local process, length = all[index], -1
    if process ~= '' and is_gone(process) then
        forget(ARGV[3], process)
    else
        if process ~= '' then
            length = 0
            if not is_full(process, ARGV[6]) then
                count(process, 'messages_count')
                length = push(process, 'G' .. stamp(ARGV[5]) .. all[index + 1] .. ARGV[3] .. '\\0' .. ARGV[4], ARGV[5])
            end
        end
        lengths[#lengths + 1] = process
        lengths[#lengths + 1] = length
    end
end
return lengths
""")

# ARGV: process, lease (ms; 0 ends it). Returns 1 if it was taken for dead meanwhile: its connections hear nothing more.
LEASE_INTERFACE = Script("""
redis.call('ZADD', P .. 'interfaces', now + tonumber(ARGV[4]), ARGV[3])
-- What died an hour ago has lost its groups and lists by then.
redis.call('ZREMRANGEBYSCORE', P .. 'interfaces', '-inf', now - 3600000)
return redis.call('SREM', P .. 'forgotten', ARGV[3])
""", frees=True)

# ARGV: channel, name, by how much.
COUNT = Script("count(ARGV[3], ARGV[4], tonumber(ARGV[5]))")

# ARGV: channel, expiry. Returns {pending, age of the oldest in ms, field, value, ...}.
CHANNEL_STATISTICS = Script("""
local key, pending, oldest = P .. ARGV[3], 0, nil
for _, item in ipairs(redis.call('LRANGE', key, 0, -1)) do
    local head = item
    if string.sub(item, 1, 1) == 'T' then
        local frames = P .. 'frames:' .. string.sub(item, 2)
        pending = pending + redis.call('LLEN', frames)
        head = redis.call('LINDEX', frames, 0)
    else
        pending = pending + 1
    end
    local stamped = head and tonumber(string.sub(head, 2, 14))
    if stamped then oldest = math.min(oldest or math.huge, stamped) end
end
local age = oldest and math.max(0, now + tonumber(ARGV[4]) * 1000 - oldest) or 0
return {pending, age, unpack(redis.call('HGETALL', S .. ARGV[3]))}
""")

# ARGV: a pattern. Deletes what matches.
DELETE_MATCHING = Script("""
local cursor = '0'
repeat
    local found = redis.call('SCAN', cursor, 'MATCH', ARGV[3], 'COUNT', 1000)
    cursor = found[1]
    for index = 1, #found[2], 1000 do
        redis.call('DEL', unpack(found[2], index, math.min(index + 999, #found[2])))
    end
until cursor == '0'
""")

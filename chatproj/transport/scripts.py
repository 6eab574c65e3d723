"""
What runs inside Redis: the channel layer's Lua scripts, each one atomic.

docs/transport.md tells which keys they touch and why. Time in them is Redis' own, so that no sender's clock decides
when a message expires or a lease ends. Keys are made here from the prefix: a layer's shard is one Redis, no cluster.

Items of a channel's list begin with a letter, and the moment they expire (13 digits of ms):

    M <expiry> <full channel name, or nothing> NUL <body>                     a message
    G <expiry> <version, 16 digits> <group> NUL <body>                        a message to a group's local members
    T <expiry> <number, 16 digits> <reply channel> NUL <length> NUL <session> <body>
                                                a turn of a connection, with a copy of its first frame and its channel
                                                session of that length; or with ? in place of all three

and a connection's own list holds `F <expiry> <channel> NUL <body>`: its frames that no worker has taken, in order.
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


# ARGV: channel, item's name part, body, expiry, capacity. Returns the list's length, or 0 where it is full.
SEND = LayerScript("""
local channel, name, body, seconds, capacity = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if is_full(channel, capacity) then return 0 end
count(channel, 'messages_count')
return push(channel, 'M' .. stamp(seconds) .. name .. '\\0' .. body, seconds)
""")

# ARGV: channel, reply channel, order, body, expiry, capacity, most frames of one connection, lease of its record; with
# websocket.connect its farewell, else nothing; and from an interface 'first' (all before it was taken once: what is
# missing was lost in here) or 'next' (it comes right behind the other in its trip, or not at all).
# Returns 'ok', 'again' (it came before), 'full', or 'gap' (the one before it has not come).
ENQUEUE = LayerScript("""
local channel, reply, order, body, seconds = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7]
local capacity, most, lease = ARGV[8], tonumber(ARGV[9]), ARGV[10]
local turn, frames = P .. 'turn:' .. reply, P .. 'frames:' .. reply
local record = redis.call('HMGET', turn, 'order', 'owner')
local last = record[1] and tonumber(record[1])
if last and order <= last then return 'again' end
if ARGV[12] == 'next' and last ~= order - 1 then return 'gap' end
if last and order > last + 1 then
    if ARGV[12] ~= 'first' then return 'gap' end
    count(channel, 'lost_count', order - last - 1)
end
if redis.call('LLEN', frames) >= most then
    count(channel, 'channel_full_count')
    return 'full'
end
if not record[2] and is_full(channel, capacity) then return 'full' end
redis.call('RPUSH', frames, 'F' .. stamp(seconds) .. channel .. '\\0' .. body)
redis.call('EXPIRE', frames, lease)
redis.call('HSET', turn, 'order', order)
redis.call('EXPIRE', turn, lease)
if ARGV[11] ~= '' then
    redis.call('HSET', open_connections(reply), reply, 'C' .. ARGV[11])
    redis.call('EXPIRE', open_connections(reply), 86400)
elseif channel == 'websocket.disconnect' then
    redis.call('HSET', open_connections(reply), reply, 'D' .. body)
end
count(channel, 'messages_count')
if not record[2] then offer(reply) end
return 'ok'
""")

# ARGV: channel, reply channel, body, expiry, lease of its record, worker. The frame is its connection's first again.
GIVE_BACK = LayerScript("""
local turn = P .. 'turn:' .. ARGV[4]
if redis.call('HGET', turn, 'owner') == '-' then
    -- Its claim is still on its way, and would take what is given back.
    pop_frame(ARGV[4])
    redis.call('HSET', turn, 'owner', ARGV[8])
end
redis.call('LPUSH', P .. 'frames:' .. ARGV[4], 'F' .. stamp(ARGV[6]) .. ARGV[3] .. '\\0' .. ARGV[5])
redis.call('EXPIRE', P .. 'frames:' .. ARGV[4], ARGV[7])
""", frees=True)

# ARGV: channel, an item that was popped off its list, expiry.
PUT_BACK = LayerScript("""
redis.call('LPUSH', P .. ARGV[3], ARGV[4])
redis.call('EXPIRE', P .. ARGV[3], ARGV[5] + 3600)
""", frees=True)

# ARGV: worker, its lease (ms), the connection it has finished or '', the number of that turn, where to begin, then the
# channels. Returns false; {channel, item}; or, of a turn that is the worker's from then on, {channel, body of its
# frame, reply channel, number, session}.
NEXT = LayerScript("""
local worker, lease, finished, number = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local start, first = tonumber(ARGV[7]), 8
local total = #ARGV - first + 1

if finished ~= '' then
    local turn = P .. 'turn:' .. finished
    local record = redis.call('HMGET', turn, 'owner', 'channel', 'number')
    local is_claimed = record[1] == worker
    if record[3] == number and (is_claimed or record[1] == '-') then
        -- Its claim went another way, and may come yet.
        if not is_claimed then pop_frame(finished) end
        pass_on(finished, record[2])
    elseif is_claimed then
        -- It had its next turn already: the answer that held the frame was lost on its way.
        lose(finished, record[2])
    end
end

-- Returns what the worker gets of a turn; or nothing, where another has it or its frame has expired.
local function take(channel, item)
    local reply = string.sub(item, 31, string.find(item, '\\0', 31, true) - 1)
    local turn, number = P .. 'turn:' .. reply, string.sub(item, 15, 30)
    local record = redis.call('HMGET', turn, 'owner', 'number', 'order')
    -- Without any record of the connection it was lost, and the turn is as good as ever.
    if record[3] and (record[1] ~= '-' or record[2] ~= number) then return nil end
    local body = pop_frame(reply)
    if body and is_expired(item) then count(channel, 'expired_count') end
    if not body or is_expired(item) then
        pass_on(reply, channel)
        return nil
    end
    redis.call('HSET', turn, 'owner', worker, 'channel', channel, 'number', number)
    redis.call('ZADD', P .. 'turns', now + lease, reply)
    return {channel, body, reply, number, read_session(reply)}
end

for step = 0, total - 1 do
    local channel = ARGV[first + (start + step) % total]
    while true do
        local item = redis.call('LPOP', P .. channel)
        if not item then break end
        if string.sub(item, 1, 1) == 'T' then
            local found = take(channel, item)
            if found then return found end
        elseif is_expired(item) then
            count(channel, 'expired_count')
        else
            return {channel, item}
        end
    end
end
return false
""", frees=True)

# ARGV: worker, lease (ms), the connection it works on, or is about to; the number of the turn. Returns false where that
# turn is another's or over; 0 where it goes on; {body of its frame or '', session or ''} where it begins.
CLAIM = LayerScript("""
local worker, lease, reply, number = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local turn = P .. 'turn:' .. reply
local record = redis.call('HMGET', turn, 'owner', 'number')
if record[2] ~= number or (record[1] ~= worker and record[1] ~= '-') then return false end
redis.call('ZADD', P .. 'turns', 'XX', now + lease, reply)
if record[1] == worker then return 0 end
redis.call('HSET', turn, 'owner', worker)
return {pop_frame(reply) or '', read_session(reply) or ''}
""", frees=True)

# Turns whose lease has ended: popped by a worker that died before it claimed them, or in its hands when it did. And
# what was sent to interfaces that are gone, or was open there. ARGV: how many of each at most. Returns the reply
# channels that lost a frame.
RECLAIM = LayerScript("""
local lost, reclaim = {}, P .. 'reclaim'
local at = redis.call('HGET', reclaim, 'at')
if at and now - tonumber(at) > 3000 then redis.call('HSET', reclaim, 'from', now + 2000) end
redis.call('HSET', reclaim, 'at', now)
redis.call('HSETNX', reclaim, 'from', 0)
shorten('interfaces', 10000)
shorten('turns', 4000)
if was_away() then return lost end
for _, process in ipairs(redis.call('ZRANGEBYSCORE', P .. 'interfaces', '-inf', now)) do
    local left = redis.call('LLEN', P .. process)
    if left > 0 then
        redis.call('DEL', P .. process)
        mark_forgotten(process)
        count(process, 'gone_count', left)
    end
    local orphans = redis.call('HRANDFIELD', P .. 'open:' .. process, ARGV[3], 'WITHVALUES')
    for index = 1, #orphans, 2 do
        local reply, farewell = orphans[index], orphans[index + 1]
        if string.sub(farewell, 1, 1) == 'C' then
            mark_forgotten(process)
            say_farewell(reply, string.sub(farewell, 2))
            if not redis.call('HGET', P .. 'turn:' .. reply, 'owner') then offer(reply) end
        end
    end
end

-- The numbers of the turns at the head of a channel's list. Behind the first hundred they rise: only what workers gave
-- back, one item each, may lie in front out of its order.
local HEAD, heads = 100, {}
local function read_head(channel)
    local head = {last = nil}
    for index, item in ipairs(redis.call('LRANGE', P .. channel, 0, HEAD - 1)) do
        if string.sub(item, 1, 1) == 'T' then
            head[string.sub(item, 15, 30)] = true
            if index == HEAD then head.last = string.sub(item, 15, 30) end
        elseif index == HEAD then
            head.last = ''
        end
    end
    return head
end
local function is_waiting(channel, number)
    heads[channel] = heads[channel] or read_head(channel)
    local head = heads[channel]
    return head[number] or (head.last and number > head.last)
end

-- What nobody has taken in its time, since nobody listens there or all are busy, makes room.
local purged = {}
local function purge(channel)
    if purged[channel] then return end
    purged[channel] = true
    for _ = 1, 1000 do
        local item = redis.call('LINDEX', P .. channel, 0)
        if not item or string.sub(item, 1, 1) ~= 'T' or not is_expired(item) then return end
        redis.call('LPOP', P .. channel)
        local reply = string.sub(item, 31, string.find(item, '\\0', 31, true) - 1)
        local record = redis.call('HMGET', P .. 'turn:' .. reply, 'owner', 'number')
        if record[1] == '-' and record[2] == string.sub(item, 15, 30) then
            if pop_frame(reply) then count(channel, 'expired_count') end
            pass_on(reply, channel)
        end
    end
end

local reclaimed = 0
for _, reply in ipairs(redis.call('ZRANGEBYSCORE', P .. 'turns', '-inf', now, 'LIMIT', 0, ARGV[3] * 10)) do
    if reclaimed >= tonumber(ARGV[3]) then break end
    local record = redis.call('HMGET', P .. 'turn:' .. reply, 'owner', 'channel', 'number')
    if record[1] == '-' and is_waiting(record[2], record[3]) then
        redis.call('ZADD', P .. 'turns', now + 4000, reply)
        purge(record[2])
    else
        reclaimed = reclaimed + 1
        if record[1] and record[1] ~= '-' then
            lost[#lost + 1] = reply
            lose(reply, record[2])
        else
            offer(reply)
        end
    end
end
return lost
""", frees=True)

# Groups. `group:<group>` maps each process that has members (or '' for channels that anybody may read) to the version
# of their list, which rises with each change; `members:<group>:<process>` holds them by the end of their time.

# ARGV: process, channel, expiry of the membership, then the groups. Returns in how many of them it was not.
GROUP_ADD = LayerScript("""
local new = 0
for index = 6, #ARGV do
    local group, members = P .. 'group:' .. ARGV[index], P .. 'members:' .. ARGV[index] .. ':' .. ARGV[3]
    -- asgi_redis kept a group's members there: their connections ended with the interfaces before us.
    if redis.call('TYPE', group).ok == 'zset' then redis.call('DEL', group) end
    if redis.call('ZADD', members, now + tonumber(ARGV[5]) * 1000, ARGV[4]) == 1
        or redis.call('HEXISTS', group, ARGV[3]) == 0 then
        redis.call('HSET', group, ARGV[3], next_number())
        new = new + 1
    end
    redis.call('EXPIRE', members, ARGV[5])
    redis.call('EXPIRE', group, ARGV[5])
end
return new
""")

# ARGV: process, channel, then the groups.
GROUP_DISCARD = LayerScript("""
for index = 5, #ARGV do
    local group, members = P .. 'group:' .. ARGV[index], P .. 'members:' .. ARGV[index] .. ':' .. ARGV[3]
    if redis.call('ZREM', members, ARGV[4]) == 1 then
        if redis.call('EXISTS', members) == 1 then
            redis.call('HSET', group, ARGV[3], next_number())
        else
            redis.call('HDEL', group, ARGV[3])
        end
    end
end
""", frees=True)

# ARGV: group, process. Returns {version, member, ...}.
GROUP_MEMBERS = LayerScript("""
local members = P .. 'members:' .. ARGV[3] .. ':' .. ARGV[4]
redis.call('ZREMRANGEBYSCORE', members, '-inf', now)
local found = redis.call('ZRANGE', members, 0, -1)
table.insert(found, 1, redis.call('HGET', P .. 'group:' .. ARGV[3], ARGV[4]) or string.rep('0', 16))
return found
""")

# ARGV: group. Returns {process, version, process, version, ...}: those that are alive.
GROUP_PROCESSES = LayerScript("""
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
GROUP_PUSH = LayerScript("""
if is_full(ARGV[3], ARGV[8]) then return 0 end
count(ARGV[3], 'messages_count')
return push(ARGV[3], 'G' .. stamp(ARGV[7]) .. ARGV[5] .. ARGV[4] .. '\\0' .. ARGV[6], ARGV[7])
""")

# Both of the above in one, for a layer with one shard. ARGV: group, body, expiry, capacity of a process' list. Returns
# {process, length of its list or 0 where it was full, ...}, with -1 for '', whose members the caller serves.
GROUP_SEND = LayerScript("""
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

# ARGV: process, lease (ms; 0 ends it). Returns {1 if it was taken for dead meanwhile, a mark that is another if Redis
# has lost its memory meanwhile}: in either case its connections hear nothing more.
LEASE_INTERFACE = LayerScript("""
redis.call('SET', P .. 'memory', micros(), 'NX')
redis.call('ZADD', P .. 'interfaces', now + tonumber(ARGV[4]), ARGV[3])
-- What died an hour ago has lost its groups and lists by then.
redis.call('ZREMRANGEBYSCORE', P .. 'interfaces', '-inf', now - 3600000)
redis.call('EXPIRE', P .. 'open:' .. ARGV[3], 86400)
return {redis.call('SREM', P .. 'forgotten', ARGV[3]), redis.call('GET', P .. 'memory')}
""", frees=True)

# ARGV: channel, name, by how much.
COUNT = LayerScript("count(ARGV[3], ARGV[4], tonumber(ARGV[5]))", frees=True)

# ARGV: channel, expiry. Returns {pending, age of the oldest in ms, field, value, ...}.
CHANNEL_STATISTICS = LayerScript("""
local key, pending, oldest = P .. ARGV[3], 0, nil
for _, item in ipairs(redis.call('LRANGE', key, 0, -1)) do
    if string.sub(item, 1, 1) == 'T' then
        local reply = string.sub(item, 31, string.find(item, '\\0', 31, true) - 1)
        pending = pending + redis.call('LLEN', P .. 'frames:' .. reply)
    else
        pending = pending + 1
    end
    local stamped = tonumber(string.sub(item, 2, 14))
    if stamped then oldest = math.min(oldest or math.huge, stamped) end
end
local age = oldest and math.max(0, now + tonumber(ARGV[4]) * 1000 - oldest) or 0
return {pending, age, unpack(redis.call('HGETALL', S .. ARGV[3]))}
""")

# ARGV: a pattern. Deletes what matches.
DELETE_MATCHING = LayerScript("""
local cursor = '0'
repeat
    local found = redis.call('SCAN', cursor, 'MATCH', ARGV[3], 'COUNT', 1000)
    cursor = found[1]
    for index = 1, #found[2], 1000 do
        redis.call('DEL', unpack(found[2], index, math.min(index + 999, #found[2])))
    end
until cursor == '0'
""")

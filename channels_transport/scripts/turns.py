"""
Connections whose frames run one after another: taken in, given out, claimed, finished, taken up from the dead.
"""

from .script import LayerScript

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
GIVE_BACK = LayerScript(
    """
local turn = P .. 'turn:' .. ARGV[4]
if redis.call('HGET', turn, 'owner') == '-' then
    -- Its claim is still on its way, and would take what is given back.
    pop_frame(ARGV[4])
    redis.call('HSET', turn, 'owner', ARGV[8])
end
redis.call('LPUSH', P .. 'frames:' .. ARGV[4], 'F' .. stamp(ARGV[6]) .. ARGV[3] .. '\\0' .. ARGV[5])
redis.call('EXPIRE', P .. 'frames:' .. ARGV[4], ARGV[7])
""",
    frees=True,
)

# ARGV: worker, its lease (ms), the connection it has finished or '', the number of that turn, where to begin, then the
# channels. Returns false; {channel, item}; or, of a turn that is the worker's from then on, {channel, body of its
# frame, reply channel, number, session}.
NEXT = LayerScript(
    """
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
""",
    frees=True,
)

# ARGV: worker, lease (ms), the connection it works on, or is about to; the number of the turn. Returns false where that
# turn is another's or over; 0 where it goes on; {body of its frame or '', session or ''} where it begins.
CLAIM = LayerScript(
    """
local worker, lease, reply, number = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local turn = P .. 'turn:' .. reply
local record = redis.call('HMGET', turn, 'owner', 'number')
if record[2] ~= number or (record[1] ~= worker and record[1] ~= '-') then return false end
redis.call('ZADD', P .. 'turns', 'XX', now + lease, reply)
if record[1] == worker then return 0 end
redis.call('HSET', turn, 'owner', worker)
return {pop_frame(reply) or '', read_session(reply) or ''}
""",
    frees=True,
)

# Turns whose lease has ended: popped by a worker that died before it claimed them, or in its hands when it did. And
# what was sent to interfaces that are gone, or was open there. ARGV: how many of each at most. Returns the reply
# channels that lost a frame.
RECLAIM = LayerScript(
    """
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
""",
    frees=True,
)

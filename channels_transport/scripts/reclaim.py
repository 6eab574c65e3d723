"""
The script that cleans up after dead workers and dead interfaces. Each worker runs the script each second.
"""

from __future__ import annotations

from .script import LayerScript

# Reclaims the turns of dead workers: turns that a worker popped and did not claim, and turns that a worker owned.
# Removes the messages to dead interfaces, and queues a websocket.disconnect for each open connection of a dead
# interface. Removes expired turns. In a grace period it does none of this. ARGV: the limit per call, both for the
# number of turns and for the number of connections of each interface. Returns the reply channels that lost a frame.
RECLAIM = LayerScript(
    "count is_expired in_grace_period shorten_leases mark_dead queue_disconnect pop_frame queue_turn end_turn"
    " end_lost_turn",
    """
local lost, reclaim = {}, P .. 'reclaim'
local at = redis.call('HGET', reclaim, 'at')
if at and now - tonumber(at) > $SILENCE_MS then redis.call('HSET', reclaim, 'from', now + $GRACE_MS) end
redis.call('HSET', reclaim, 'at', now)
redis.call('HSETNX', reclaim, 'from', 0)
shorten_leases('interfaces', $INTERFACE_LEASE_MS)
shorten_leases('turns', $TURN_LEASE_MS)
if in_grace_period() then return lost end
for _, process in ipairs(redis.call('ZRANGEBYSCORE', P .. 'interfaces', '-inf', now)) do
    local waiting = redis.call('LLEN', P .. process)
    if waiting > 0 then
        redis.call('DEL', P .. process)
        mark_dead(process)
        count(process, 'gone_count', waiting)
    end
    local connections = redis.call('HRANDFIELD', P .. 'open:' .. process, ARGV[3], 'WITHVALUES')
    for index = 1, #connections, 2 do
        local reply, disconnect = connections[index], connections[index + 1]
        if string.sub(disconnect, 1, 1) == 'C' then
            mark_dead(process)
            queue_disconnect(reply, string.sub(disconnect, 2))
            if not redis.call('HGET', P .. 'turn:' .. reply, 'owner') then queue_turn(reply) end
        end
    end
end

-- Reads the numbers of the turns at the head of a channel's list. After the first items the numbers increase, because
-- only returned items are out of order, and each worker returns at most four: one of a wait, or three prefetched ones.
local HEAD, heads = 400, {}
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

-- Removes the expired turns at the head of the list. Turns expire if no worker listens to the channel, or all are busy.
local purged = {}
local function purge_expired(channel)
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
            end_turn(reply, channel)
        end
    end
end

local reclaimed = 0
for _, reply in ipairs(redis.call('ZRANGEBYSCORE', P .. 'turns', '-inf', now, 'LIMIT', 0, ARGV[3] * 10)) do
    if reclaimed >= tonumber(ARGV[3]) then break end
    local record = redis.call('HMGET', P .. 'turn:' .. reply, 'owner', 'channel', 'number')
    if record[1] == '-' and is_waiting(record[2], record[3]) then
        redis.call('ZADD', P .. 'turns', now + $TURN_LEASE_MS, reply)
        purge_expired(record[2])
    else
        reclaimed = reclaimed + 1
        if record[1] and record[1] ~= '-' then
            lost[#lost + 1] = reply
            end_lost_turn(reply, record[2])
        else
            queue_turn(reply)
        end
    end
end
return lost
""",
    frees=True,
)

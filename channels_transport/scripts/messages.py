"""
The scripts of messages on channels: send, return, reclaim, count, read statistics and delete.
"""

from __future__ import annotations

from .script import LayerScript

# Appends a message to a channel's list. ARGV: channel, the item's name part, body, expiry (s), capacity. Returns the
# list's length, or 0 if the list is full.
SEND = LayerScript(
    "stamp push_message",
    """
local channel, name, body, seconds, capacity = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
return push_message(channel, 'M' .. stamp(seconds) .. name .. '\\0' .. body, seconds, capacity)
""",
)

# Moves an item that was popped, but not opened, back to the head of its list. ARGV: channel, item, expiry (s).
RETURN_ITEM = LayerScript(
    "",
    """
redis.call('LPUSH', P .. ARGV[3], ARGV[4])
redis.call('EXPIRE', P .. ARGV[3], ARGV[5] + $LIST_GRACE_SECONDS)
""",
    frees=True,
)

# For a channel whose readers move each message into a list of their own (see reliable_queue.py): registers a reader,
# and moves the messages of readers without a heartbeat back to the head of the channel. In a grace period it moves no
# messages. ARGV: channel, reader. Returns the number of moved messages.
RECLAIM_DELIVERIES = LayerScript(
    "in_grace_period",
    """
local channel, reader, moved = ARGV[3], ARGV[4], 0
redis.call('SADD', P .. 'takers:' .. channel, reader)
if in_grace_period() then return 0 end
for _, other in ipairs(redis.call('SMEMBERS', P .. 'takers:' .. channel)) do
    if other ~= reader and redis.call('EXISTS', P .. 'worker:' .. other) == 0 then
        while redis.call('LMOVE', P .. 'taken:' .. other, P .. channel, 'RIGHT', 'LEFT') do moved = moved + 1 end
        redis.call('SREM', P .. 'takers:' .. channel, other)
    end
end
return moved
""",
    frees=True,
)

# Adds an amount to a counter of a channel. ARGV: channel, name of the counter, amount.
COUNT = LayerScript("count", "count(ARGV[3], ARGV[4], tonumber(ARGV[5]))", frees=True)

# Reads the state and the counters of a channel. ARGV: channel, expiry (s). Returns {pending, age of the oldest (ms),
# counter, value, ...}.
CHANNEL_STATISTICS = LayerScript(
    "",
    """
local key, pending, oldest = P .. ARGV[3], 0, nil
for _, item in ipairs(redis.call('LRANGE', key, 0, -1)) do
    if string.sub(item, 1, 1) == 'T' then
        local reply = string.sub(item, 31, string.find(item, '\\0', 31, true) - 1)
        pending = pending + redis.call('LLEN', P .. 'frames:' .. reply)
    else
        pending = pending + 1
    end
    local expiry = tonumber(string.sub(item, 2, 14))
    if expiry then oldest = math.min(oldest or math.huge, expiry) end
end
local age = oldest and math.max(0, now + tonumber(ARGV[4]) * 1000 - oldest) or 0
return {pending, age, unpack(redis.call('HGETALL', S .. ARGV[3]))}
""",
)

# Deletes all keys that match a pattern. ARGV: pattern.
DELETE_MATCHING = LayerScript(
    "",
    """
local cursor = '0'
repeat
    local found = redis.call('SCAN', cursor, 'MATCH', ARGV[3], 'COUNT', 1000)
    cursor = found[1]
    for index = 1, #found[2], 1000 do
        redis.call('DEL', unpack(found[2], index, math.min(index + 999, #found[2])))
    end
until cursor == '0'
""",
)

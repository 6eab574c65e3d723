"""
Messages on channels: sent, put back, taken up from the dead, counted, and all of it deleted.
"""

from .script import LayerScript

# ARGV: channel, item's name part, body, expiry, capacity. Returns the list's length, or 0 where it is full.
SEND = LayerScript("""
local channel, name, body, seconds, capacity = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if is_full(channel, capacity) then return 0 end
count(channel, 'messages_count')
return push(channel, 'M' .. stamp(seconds) .. name .. '\\0' .. body, seconds)
""")

# ARGV: channel, an item that was popped off its list, expiry.
PUT_BACK = LayerScript(
    """
redis.call('LPUSH', P .. ARGV[3], ARGV[4])
redis.call('EXPIRE', P .. ARGV[3], ARGV[5] + 3600)
""",
    frees=True,
)

# Of a channel whose messages are moved into a list of their taker's own: notes a taker, and puts back in front what
# those had in hand that show no more signs of life. ARGV: channel, taker. Returns how many messages that were.
TAKE_BACK = LayerScript(
    """
local channel, taker, back = ARGV[3], ARGV[4], 0
redis.call('SADD', P .. 'takers:' .. channel, taker)
if was_away() then return 0 end
for _, other in ipairs(redis.call('SMEMBERS', P .. 'takers:' .. channel)) do
    if other ~= taker and redis.call('EXISTS', P .. 'worker:' .. other) == 0 then
        while redis.call('LMOVE', P .. 'taken:' .. other, P .. channel, 'RIGHT', 'LEFT') do back = back + 1 end
        redis.call('SREM', P .. 'takers:' .. channel, other)
    end
end
return back
""",
    frees=True,
)

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

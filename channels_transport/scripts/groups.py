"""
The scripts of groups, and of the leases of interfaces.

`group:<group>` is a hash. Its fields are the processes that have members, and '' for the channels that any process may
read. Its values are the versions of the member lists; a version increases with each change of its list.
`members:<group>:<process>` is a sorted set of members. The score is the time when the membership ends (ms).
"""

from __future__ import annotations

from .script import LayerScript

# Adds a channel to groups. ARGV: process, channel, expiry of the membership (s), then the groups. Returns the number of
# groups in which the channel or its process was missing.
#
# A membership of which less than a twentieth has passed is not renewed. An interface closes a silent connection after
# at most nine tenths of the expiry, so it always closes the connection before the membership ends.
GROUP_ADD = LayerScript(
    "next_number",
    """
local process, channel, milliseconds = ARGV[3], ARGV[4], tonumber(ARGV[5]) * 1000
local missing, number = 0, nil
for index = 6, #ARGV do
    local group, members = P .. 'group:' .. ARGV[index], P .. 'members:' .. ARGV[index] .. ':' .. process
    local ends_at = tonumber(redis.call('ZSCORE', members, channel) or 0)
    local is_missing = ends_at <= now or redis.pcall('HEXISTS', group, process) ~= 1
    if is_missing or ends_at < now + milliseconds * 0.95 then
        redis.call('ZADD', members, now + milliseconds, channel)
        if is_missing then
            number = number or next_number()
            if type(redis.pcall('HSET', group, process, number)) == 'table' then
                -- asgi_redis stored a group's members in this key. Those connections ended with its interfaces.
                redis.call('DEL', group)
                redis.call('HSET', group, process, number)
            end
            missing = missing + 1
        end
        redis.call('EXPIRE', members, ARGV[5])
        redis.call('EXPIRE', group, ARGV[5])
    end
end
return missing
""",
)

# Removes a channel from groups. ARGV: process, channel, then the groups.
GROUP_DISCARD = LayerScript(
    "next_number",
    """
local number
for index = 5, #ARGV do
    local group, members = P .. 'group:' .. ARGV[index], P .. 'members:' .. ARGV[index] .. ':' .. ARGV[3]
    if redis.call('ZREM', members, ARGV[4]) == 1 then
        if redis.call('EXISTS', members) == 1 then
            number = number or next_number()
            redis.call('HSET', group, ARGV[3], number)
        else
            redis.call('HDEL', group, ARGV[3])
        end
    end
end
""",
    frees=True,
)

# Reads the members of a group in one process. ARGV: group, process. Returns {version, member, ...}.
GROUP_MEMBERS = LayerScript(
    "",
    """
local members = P .. 'members:' .. ARGV[3] .. ':' .. ARGV[4]
redis.call('ZREMRANGEBYSCORE', members, '-inf', now)
local found = redis.call('ZRANGE', members, 0, -1)
table.insert(found, 1, redis.call('HGET', P .. 'group:' .. ARGV[3], ARGV[4]) or string.rep('0', 16))
return found
""",
)

# ARGV: group. Returns {process, version, process, version, ...} of the processes that are alive.
GROUP_PROCESSES = LayerScript(
    "is_dead remove_dead_members",
    """
local found, all = {}, redis.call('HGETALL', P .. 'group:' .. ARGV[3])
for index = 1, #all, 2 do
    if all[index] ~= '' and is_dead(all[index]) then
        remove_dead_members(ARGV[3], all[index])
    else
        found[#found + 1] = all[index]
        found[#found + 1] = all[index + 1]
    end
end
return found
""",
)

# Appends an item to the list of a process. ARGV: process, group, version, letter of the item, its content, expiry (s),
# capacity. Returns the list's length, or 0 if the list is full.
GROUP_PUSH = LayerScript(
    "stamp push_message",
    """
local item = ARGV[6] .. stamp(ARGV[8]) .. ARGV[5] .. ARGV[4] .. '\\0' .. ARGV[7]
return push_message(ARGV[3], item, ARGV[8], ARGV[9])
""",
)

_SEND = """
local group, lengths = P .. 'group:' .. ARGV[3], {}
local all = redis.call('HGETALL', group)
for index = 1, #all, 2 do
    local process, length = all[index], -1
    if process ~= '' and is_dead(process) then
        remove_dead_members(ARGV[3], process)
    else
        if process ~= '' then
            local item = ARGV[4] .. stamp(ARGV[6]) .. all[index + 1] .. ARGV[3] .. '\\0' .. ARGV[5]
            length = push_message(process, item, ARGV[6], ARGV[7])
        end
        lengths[#lengths + 1] = process
        lengths[#lengths + 1] = length
    end
end
return lengths
"""

# Does the work of GROUP_PROCESSES and GROUP_PUSH, for a layer with one shard. ARGV: group, letter of the items, their
# content, expiry (s), capacity of a process' list. Returns {process, length of its list or 0 if it was full, ...}, with
# the length -1 for ''. The caller sends to the members of ''.
GROUP_SEND = LayerScript("stamp push_message is_dead remove_dead_members", _SEND)

# Does the work of GROUP_SEND, unless the group has had a paced message within the last ARGV[9] ms. Then it returns the
# number of that message. ARGV[8] is the number of this message.
GROUP_SEND_PACED = LayerScript(
    "stamp push_message is_dead remove_dead_members",
    """
local pace = P .. 'paced:' .. ARGV[3]
if not redis.call('SET', pace, ARGV[8], 'NX', 'PX', ARGV[9]) then return redis.call('GET', pace) end
"""
    + _SEND,
)

# Adds all members of a group to another group. ARGV: the group, the other group, expiry of the membership (s).
GROUP_ADD_MEMBERS = LayerScript(
    "next_number",
    """
local group = P .. 'group:' .. ARGV[4]
for _, process in ipairs(redis.call('HKEYS', P .. 'group:' .. ARGV[3])) do
    local source = P .. 'members:' .. ARGV[3] .. ':' .. process
    local members, added = P .. 'members:' .. ARGV[4] .. ':' .. process, 0
    for _, channel in ipairs(redis.call('ZRANGEBYSCORE', source, '(' .. now, '+inf')) do
        added = added + redis.call('ZADD', members, now + tonumber(ARGV[5]) * 1000, channel)
    end
    if added > 0 or (redis.call('EXISTS', members) == 1 and redis.call('HEXISTS', group, process) == 0) then
        redis.call('HSET', group, process, next_number())
    end
    redis.call('EXPIRE', members, ARGV[5])
    redis.call('EXPIRE', group, ARGV[5])
end
""",
)

# Removes all members of a group from another group. ARGV: the group, the other group.
GROUP_DISCARD_MEMBERS = LayerScript(
    "next_number",
    """
local group = P .. 'group:' .. ARGV[4]
for _, process in ipairs(redis.call('HKEYS', P .. 'group:' .. ARGV[3])) do
    local members, removed = P .. 'members:' .. ARGV[4] .. ':' .. process, 0
    for _, channel in ipairs(redis.call('ZRANGE', P .. 'members:' .. ARGV[3] .. ':' .. process, 0, -1)) do
        removed = removed + redis.call('ZREM', members, channel)
    end
    if removed > 0 then
        if redis.call('EXISTS', members) == 1 then
            redis.call('HSET', group, process, next_number())
        else
            redis.call('HDEL', group, process)
        end
    end
end
""",
    frees=True,
)

# Renews the lease of an interface. ARGV: process, lease (ms; 0 ends it). Returns {1 if the process has counted as dead
# since its last renewal, a mark that changes if Redis loses its data}. If the process counted as dead or the mark has
# changed, the connections of the process are in no group.
LEASE_INTERFACE = LayerScript(
    "micros",
    """
redis.call('SET', P .. 'memory', micros(), 'NX')
redis.call('ZADD', P .. 'interfaces', now + tonumber(ARGV[4]), ARGV[3])
-- The groups and lists of an interface that died an hour ago have been removed.
redis.call('ZREMRANGEBYSCORE', P .. 'interfaces', '-inf', now - $DEAD_INTERFACE_MS)
redis.call('EXPIRE', P .. 'open:' .. ARGV[3], $OPEN_CONNECTIONS_SECONDS)
return {redis.call('SREM', P .. 'forgotten', ARGV[3]), redis.call('GET', P .. 'memory')}
""",
    frees=True,
)

"""
Groups, and the interfaces whose connections are in them.
"""

from .script import LayerScript

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
GROUP_DISCARD = LayerScript(
    """
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
""",
    frees=True,
)

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

# ARGV: process, group, version, letter of the item, its content, expiry, capacity. Returns the list's length, or 0 if
# it is full.
GROUP_PUSH = LayerScript("""
if is_full(ARGV[3], ARGV[9]) then return 0 end
count(ARGV[3], 'messages_count')
return push(ARGV[3], ARGV[6] .. stamp(ARGV[8]) .. ARGV[5] .. ARGV[4] .. '\\0' .. ARGV[7], ARGV[8])
""")

# Both of the above in one, for a layer with one shard. ARGV: group, letter of the items, their content, expiry,
# capacity of a process' list. Returns {process, length of its list or 0 if it was full, ...}, with -1 for '', whose
# members the caller serves.
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
            if not is_full(process, ARGV[7]) then
                count(process, 'messages_count')
                local head = ARGV[4] .. stamp(ARGV[6]) .. all[index + 1] .. ARGV[3]
                length = push(process, head .. '\\0' .. ARGV[5], ARGV[6])
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
LEASE_INTERFACE = LayerScript(
    """
redis.call('SET', P .. 'memory', micros(), 'NX')
redis.call('ZADD', P .. 'interfaces', now + tonumber(ARGV[4]), ARGV[3])
-- What died an hour ago has lost its groups and lists by then.
redis.call('ZREMRANGEBYSCORE', P .. 'interfaces', '-inf', now - 3600000)
redis.call('EXPIRE', P .. 'open:' .. ARGV[3], 86400)
return {redis.call('SREM', P .. 'forgotten', ARGV[3]), redis.call('GET', P .. 'memory')}
""",
    frees=True,
)

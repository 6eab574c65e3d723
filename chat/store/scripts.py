"""
The Lua scripts of the store in Redis, each of which Redis runs as one step. They contain no names of keys.

The store passes the keys and the arguments, and reads the answers.
"""


class StoreScripts:
    """The texts of the scripts. Tests replace the clock in them."""

    # ARGV: cost, 1 if the buckets may go into debt, and for each bucket: burst, tokens per second, reserve.
    # Returns {seconds to wait, the number of the empty bucket or 0, tokens left in each bucket}.
    _TAKE = """
        local time = redis.call('TIME')
        local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
        local cost, wait, empty, is_light = tonumber(ARGV[1]), 0, 0, false
        local levels, answer = {}, {}
        -- A caller that has waited for the returned time gets its tokens, although floats are not exact.
        local rounding = 0.000001
        for number, key in ipairs(KEYS) do
            local burst, rate = tonumber(ARGV[number * 3]), tonumber(ARGV[number * 3 + 1])
            local bucket = redis.call('HMGET', key, 'level', 'at')
            -- After the clock was set back, callers do not wait until it shows the old time again.
            local passed = math.max(0, now - (tonumber(bucket[2]) or now))
            local level = math.min(burst, (tonumber(bucket[1]) or burst) + passed * rate)
            if number == 1 then is_light = level >= burst / 2 end
            local lowest = is_light and 1 - tonumber(ARGV[number * 3 + 2]) or 1
            if (lowest - level) / rate > math.max(wait, rounding) then wait, empty = (lowest - level) / rate, number end
            levels[number] = level
        end
        for number, key in ipairs(KEYS) do
            local burst, rate, level = tonumber(ARGV[number * 3]), tonumber(ARGV[number * 3 + 1]), levels[number]
            if wait == 0 or ARGV[2] == '1' then level = level - cost end
            redis.call('HSET', key, 'level', tostring(level), 'at', string.format('%.6f', now))
            redis.call('EXPIRE', key, math.ceil((burst - math.min(0, level)) / rate) + 1)
            answer[number] = tostring(level)
        end
        return {tostring(wait), empty, unpack(answer)}
    """
    # ARGV: burst. A bucket that has expired is full.
    _RETURN = """
        local level = tonumber(redis.call('HGET', KEYS[1], 'level'))
        if level then redis.call('HSET', KEYS[1], 'level', tostring(math.min(tonumber(ARGV[1]), level + 1))) end
    """
    _TALLY = """
        redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[3])
        redis.call('EXPIRE', KEYS[1], ARGV[2])
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
    # `acquire` gives a holder a lease of each key. It returns 0, or the number of the first key whose limit is reached:
    # then it gives no lease. It removes ended leases only if a limit seems to be reached.
    _ACQUIRE = (
        _SHORTEN
        + """
        local function acquire(keys, holder, seconds, limits)
            local given = {}
            for number, key in ipairs(keys) do
                if redis.call('ZADD', key, now + seconds, holder) == 1 then
                    given[#given + 1] = key
                    local limit = tonumber(limits[number])
                    if redis.call('ZCARD', key) > limit then
                        shorten(key, seconds)
                        redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
                        if redis.call('ZCARD', key) > limit then
                            for _, other in ipairs(given) do redis.call('ZREM', other, holder) end
                            return number
                        end
                    end
                end
                redis.call('EXPIRE', key, seconds)
            end
            return 0
        end
    """
    )
    # ARGV: holder, seconds, and the limit of each key. Returns what `acquire` returns.
    _LEASE = _ACQUIRE + "return acquire(KEYS, ARGV[1], tonumber(ARGV[2]), {unpack(ARGV, 3)})"
    # `renew` renews a lease that the holder has. Otherwise it returns false. It relies on the later end: `CH` counts a
    # changed end.
    _HELD = """
        local function renew(key, holder, seconds)
            if redis.call('ZADD', key, 'XX', 'CH', now + seconds, holder) == 0 then return false end
            redis.call('EXPIRE', key, seconds)
            return true
        end
    """
    # ARGV: holder, seconds. Returns 1 if the holder has all leases. Otherwise the script may renew some of them.
    _RENEW_HELD = (
        _SHORTEN
        + _HELD
        + """
        for _, key in ipairs(KEYS) do
            if not renew(key, ARGV[1], tonumber(ARGV[2])) then return 0 end
        end
        return 1
    """
    )
    # ARGV: holder, seconds.
    _RENEW = """
        local time = redis.call('TIME')
        local ends_at = tonumber(time[1]) + tonumber(time[2]) / 1000000 + tonumber(ARGV[2])
        for _, key in ipairs(KEYS) do
            redis.call('ZADD', key, ends_at, ARGV[1])
            redis.call('EXPIRE', key, ARGV[2])
        end
    """
    _COUNT_LEASES = "return redis.call('ZCOUNT', KEYS[1], redis.call('TIME')[1], '+inf')"
    # KEYS:
    # 1. entries: a sorted set of "owner \\n entry" by the time when the entry ends;
    # 2. owners: a hash of each owner's number of entries;
    # 3. changes: a hash of "came" or "went" for each owner;
    # 4. the set of the names of all rosters that have entries;
    # 5. how long an entry lasts (s), if that is longer than the grace;
    # 6. for `take_paced`: a counter that exists while no changes may be taken;
    #    for `enter`, `add` and `renew`: the keys of the leases that `enter` acquires and the others renew.
    # ARGV: operation, owner, entry, seconds, grace (s), name of the roster, limit of owners, and the limits of the
    # leases. `enter` returns the number of the first lease whose limit is reached, and does nothing then. `renew`
    # returns -1 if the roster does not have the entry, or a lease has ended. Otherwise an operation that lists owners
    # returns {number of owners, at most `limit` owners}.
    _ROSTER = (
        _ACQUIRE
        + _HELD
        + """
        local operation, owner = ARGV[1], ARGV[2]
        local member = owner .. '\\n' .. ARGV[3]
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
        local function drop_ended()
            for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
                drop(string.match(member, '^(.-)\\n'), member)
            end
        end
        local function forget_if_empty()
            -- The roster may also be empty because its keys expired before a sweep found it.
            if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[4], ARGV[6]) end
        end
        local function list_owners()
            local owners, limit = {}, tonumber(ARGV[7])
            for index, name in ipairs(limit > 0 and redis.call('HKEYS', KEYS[2]) or {}) do
                if index > limit then break end
                owners[index] = name
            end
            return {redis.call('HLEN', KEYS[2]), owners}
        end
        if operation == 'enter' then
            local full = acquire({unpack(KEYS, 6)}, ARGV[3], tonumber(ARGV[4]), {unpack(ARGV, 8)})
            if full > 0 then return full end
        elseif operation == 'add' then
            for index = 6, #KEYS do
                redis.call('ZADD', KEYS[index], now + tonumber(ARGV[4]), ARGV[3])
                redis.call('EXPIRE', KEYS[index], ARGV[4])
            end
        elseif operation == 'renew' then
            drop_ended()
            if not redis.call('ZSCORE', KEYS[1], member) then return -1 end
            for index = 6, #KEYS do
                if not renew(KEYS[index], ARGV[3], tonumber(ARGV[4])) then return -1 end
            end
        end
        if operation == 'add' or operation == 'enter' or operation == 'renew' then
            if operation ~= 'renew' then drop_ended() end
            local seconds, grace = tonumber(ARGV[4]), tonumber(ARGV[5])
            local is_new = redis.call('ZADD', KEYS[1], now + seconds, member) == 1
            if is_new and redis.call('HINCRBY', KEYS[2], owner, 1) == 1 then note(owner, 'came') end
            -- Most calls renew an entry whose keys last long enough.
            local left = redis.call('TTL', KEYS[1])
            local is_due = left < seconds + grace / 2 or left > seconds + grace
            if left > seconds + grace then shorten(KEYS[1], seconds) end
            if is_due then
                for index = 1, 2 do redis.call('EXPIRE', KEYS[index], seconds + grace) end
                if seconds > grace then redis.call('SET', KEYS[5], seconds, 'EX', seconds + grace) end
            end
            if is_due or is_new then
                redis.call('SADD', KEYS[4], ARGV[6])
                redis.call('EXPIRE', KEYS[4], seconds + grace)
            end
            return operation == 'enter' and list_owners() or redis.call('EXISTS', KEYS[3])
        end
        local longest = tonumber(ARGV[5])
        if redis.call('ZCOUNT', KEYS[1], '(' .. now + longest, '+inf') > 0 then
            shorten(KEYS[1], tonumber(redis.call('GET', KEYS[5]) or longest))
        end
        drop_ended()
        if operation == 'remove' then
            drop(owner, member)
            forget_if_empty()
            return redis.call('EXISTS', KEYS[3])
        elseif operation == 'take_changes' or operation == 'take_paced' then
            local changes = redis.call('HGETALL', KEYS[3])
            if #changes == 0 then return {redis.call('HLEN', KEYS[2]), changes} end
            if operation == 'take_paced' and not redis.call('SET', KEYS[6], '1', 'NX', 'EX', ARGV[4]) then
                -- The counter has more time left than the whole window only if the clock was set back.
                if redis.call('TTL', KEYS[6]) <= tonumber(ARGV[4]) then return false end
                redis.call('EXPIRE', KEYS[6], ARGV[4])
            end
            redis.call('DEL', KEYS[3])
            return {redis.call('HLEN', KEYS[2]), changes}
        elseif operation == 'summarize' then
            forget_if_empty()
            return {redis.call('HLEN', KEYS[2]), redis.call('EXISTS', KEYS[3])}
        end
        return list_owners()
    """
    )

"""
The Lua functions that several scripts share. `P` and `S` are the prefixes, `time` and `now` (ms) are Redis' own time.
"""

from __future__ import annotations

from typing import NamedTuple


class SharedFunction(NamedTuple):
    """A Lua function; `uses` are the other shared functions that it calls."""

    text: str
    uses: tuple[str, ...] = ()


FUNCTIONS = {
    "micros": SharedFunction("local function micros() return string.format('%d%06d', time[1], time[2]) end"),
    "count": SharedFunction("""
local function count(channel, name, by)
    redis.call('HINCRBY', S .. channel, name, by or 1)
    redis.call('EXPIRE', S .. channel, $STATISTICS_SECONDS)
    redis.call('HINCRBY', S .. '#global#', name, by or 1)
end
"""),
    "stamp": SharedFunction(
        "local function stamp(seconds) return string.format('%013d', now + tonumber(seconds) * 1000) end"
    ),
    # An item that another kind of layer left in a list, under the same prefix, counts as expired.
    "is_expired": SharedFunction(
        "local function is_expired(item) return (tonumber(string.sub(item, 2, 14)) or 0) <= now end"
    ),
    "push": SharedFunction("""
local function push(channel, item, seconds)
    local length = redis.call('RPUSH', P .. channel, item)
    redis.call('EXPIRE', P .. channel, seconds + $LIST_GRACE_SECONDS)
    return length
end
"""),
    # Expired messages at the head of a full list are counted and removed. Turns are not removed. The second result is
    # the length of a list that is not full.
    "is_full": SharedFunction(
        """
local function is_full(channel, capacity)
    local key = P .. channel
    local length = redis.call('LLEN', key)
    if length < tonumber(capacity) then return false, length end
    while true do
        local head = redis.call('LINDEX', key, 0)
        if not head or string.sub(head, 1, 1) == 'T' or not is_expired(head) then break end
        redis.call('LPOP', key)
        count(channel, 'expired_count')
    end
    length = redis.call('LLEN', key)
    if length < tonumber(capacity) then return false, length end
    count(channel, 'channel_full_count')
    return true
end
""",
        ("is_expired", "count"),
    ),
    # Appends a message to a list, and counts it. Returns the list's length, or 0 if the list is full. Nearly every
    # message finds room, so its length is read only if the push exceeds the capacity.
    "push_message": SharedFunction(
        """
local function push_message(channel, item, seconds, capacity)
    local length = push(channel, item, seconds)
    if length > tonumber(capacity) then
        redis.call('RPOP', P .. channel)
        if is_full(channel, capacity) then return 0 end
        length = push(channel, item, seconds)
    end
    count(channel, 'messages_count')
    return length
end
""",
        ("push", "is_full", "count"),
    ),
    # See SILENCE_SECONDS. The rest of the grace period may not exceed the period's length. Otherwise, after the clock
    # was set back, the period would last until the clock reaches the old time.
    "in_grace_period": SharedFunction("""
local function in_grace_period()
    local reclaim = redis.call('HMGET', P .. 'reclaim', 'at', 'from')
    if not reclaim[1] then return false end
    local left = tonumber(reclaim[2]) - now
    return now - tonumber(reclaim[1]) > $SILENCE_MS or (left > 0 and left <= $GRACE_MS)
end
"""),
    # A lease that ends later than a new lease would end is from before the clock was set back. It is replaced by a new
    # lease: live owners have time to renew it, and dead owners do not keep it until the clock reaches the old time.
    "shorten_leases": SharedFunction("""
local function shorten_leases(leases, longest)
    for _, holder in ipairs(redis.call('ZRANGEBYSCORE', P .. leases, '(' .. now + longest, '+inf')) do
        redis.call('ZADD', P .. leases, now + longest, holder)
    end
end
"""),
    # An interface is dead when its lease has ended, except in a grace period.
    "is_dead": SharedFunction(
        """
local function is_dead(process)
    local lease = redis.call('ZSCORE', P .. 'interfaces', process)
    return lease and tonumber(lease) < now and not in_grace_period()
end
""",
        ("in_grace_period",),
    ),
    # An interface in this set may still be alive. The set then tells it that its connections have lost messages.
    "mark_dead": SharedFunction("""
local function mark_dead(process)
    redis.call('SADD', P .. 'forgotten', process)
    redis.call('EXPIRE', P .. 'forgotten', $DEAD_INTERFACE_SECONDS)
end
"""),
    "remove_dead_members": SharedFunction(
        """
local function remove_dead_members(group, process)
    redis.call('DEL', P .. 'members:' .. group .. ':' .. process)
    redis.call('HDEL', P .. 'group:' .. group, process)
    mark_dead(process)
    count(process, 'gone_count')
end
""",
        ("mark_dead", "count"),
    ),
    "read_session": SharedFunction("""
local function read_session(reply)
    local key = P .. 'session:chn' .. string.sub(redis.sha1hex(reply), 1, 29)
    local session = redis.call('GET', key)
    if session then redis.call('EXPIRE', key, $SESSION_LEASE_SECONDS, 'GT') end
    return session
end
"""),
    # The key of an interface's open connections. For each connection, the hash contains the websocket.disconnect that
    # workers run if the interface dies ('C'), or the one that the interface has already sent ('D').
    "connections_key": SharedFunction("""
local function connections_key(reply) return P .. 'open:' .. (string.match(reply, '^(.-!)') or '') end
"""),
    "queue_disconnect": SharedFunction(
        """
local function queue_disconnect(reply, body)
    redis.call('HDEL', connections_key(reply), reply)
    redis.call('RPUSH', P .. 'frames:' .. reply, 'F' .. stamp($ITEM_SECONDS) .. 'websocket.disconnect\\0' .. body)
    redis.call('EXPIRE', P .. 'frames:' .. reply, $CONNECTION_LEASE_SECONDS)
end
""",
        ("connections_key", "stamp"),
    ),
    # Removes a connection's first frame from the list, when a worker runs the frame or when the frame has expired.
    # Returns its body.
    "pop_frame": SharedFunction("""
local function pop_frame(reply)
    local frame = redis.call('LPOP', P .. 'frames:' .. reply)
    return frame and string.sub(frame, string.find(frame, '\\0', 15, true) + 1)
end
"""),
    # Numbers distinguish turns, and versions of a group. Times cannot do this, because a clock may be set back.
    "next_number": SharedFunction(
        """
local function next_number()
    local number = redis.call('INCR', P .. 'turn-number')
    if number == 1 then
        -- This Redis has lost its data, but workers and interfaces still hold numbers that it gave before.
        number = tonumber(micros())
        redis.call('SET', P .. 'turn-number', string.format('%d', number))
    end
    return string.format('%016d', number)
end
""",
        ("micros",),
    ),
    # Adds a turn to its channel's list, which has `waiting` items. `body` is the body of the connection's first frame.
    # If the list is empty, a worker may be waiting for the turn. The copies in the item let this worker begin at once.
    # The caller stores the turn with the owner '-': it is in a channel's list, or a worker has popped it and not yet
    # claimed it. Returns the number of the turn.
    "push_turn": SharedFunction(
        """
local function push_turn(reply, channel, expiry, body, waiting)
    local number, rest = next_number(), '?\\0'
    if waiting == 0 then
        local session = read_session(reply) or ''
        rest = #session .. '\\0' .. session .. body
    end
    redis.call('ZADD', P .. 'turns', now + $TURN_LEASE_MS, reply)
    push(channel, 'T' .. expiry .. number .. reply .. '\\0' .. rest, $ITEM_SECONDS)
    return number
end
""",
        ("next_number", "read_session", "push"),
    ),
    # Queues the turn of a connection if it has frames. Otherwise the connection has no turn.
    "queue_turn": SharedFunction(
        """
local function queue_turn(reply)
    local turn, frame = P .. 'turn:' .. reply, redis.call('LINDEX', P .. 'frames:' .. reply, 0)
    if not frame then
        redis.call('HDEL', turn, 'owner', 'channel', 'number')
        redis.call('ZREM', P .. 'turns', reply)
        return
    end
    local channel = string.sub(frame, 15, string.find(frame, '\\0', 15, true) - 1)
    local body, waiting = string.sub(frame, 16 + #channel), redis.call('LLEN', P .. channel)
    local number = push_turn(reply, channel, string.sub(frame, 2, 14), body, waiting)
    redis.call('HSET', turn, 'owner', '-', 'channel', channel, 'number', number)
end
""",
        ("push_turn",),
    ),
    # Ends a turn whose frame has been run or has expired: the connection's next frame gets a turn. The record of a
    # connection that has ended expires sooner than its lease.
    "end_turn": SharedFunction(
        """
local function end_turn(reply, channel)
    queue_turn(reply)
    if channel == 'websocket.disconnect' then
        redis.call('EXPIRE', P .. 'turn:' .. reply, $ENDED_SECONDS)
        redis.call('HDEL', connections_key(reply), reply)
    end
end
""",
        ("queue_turn", "connections_key"),
    ),
    # Ends the turn that a worker has finished. Does nothing if another worker owns the connection's turn by now.
    "finish_turn": SharedFunction(
        """
local function finish_turn(worker, reply, number)
    local record = redis.call('HMGET', P .. 'turn:' .. reply, 'owner', 'channel', 'number')
    local is_claimed = record[1] == worker
    if record[3] == number and (is_claimed or record[1] == '-') then
        -- The claim is sent on another connection, and may arrive later.
        if not is_claimed then pop_frame(reply) end
        end_turn(reply, record[2])
    elseif is_claimed then
        -- The worker owns the connection's next turn, so the answer with its frame was lost.
        end_lost_turn(reply, record[2])
    end
end
""",
        ("pop_frame", "end_turn", "end_lost_turn"),
    ),
    # Lets a worker own a turn that it has popped, or renews the lease of its turn. Returns false if the turn has ended
    # or another worker owns it, 0 if the lease is renewed, and the body of the frame or '' if the turn begins.
    "claim_turn": SharedFunction(
        """
local function claim_turn(worker, lease, reply, number)
    local turn = P .. 'turn:' .. reply
    local record = redis.call('HMGET', turn, 'owner', 'number')
    if record[2] ~= number or (record[1] ~= worker and record[1] ~= '-') then return false end
    redis.call('ZADD', P .. 'turns', 'XX', now + lease, reply)
    if record[1] == worker then return 0 end
    redis.call('HSET', turn, 'owner', worker)
    return pop_frame(reply) or ''
end
""",
        ("pop_frame",),
    ),
    # A worker popped a frame and did not run it to its end. A websocket.disconnect, which cleans up after its
    # connection, is run a second time. It is not run a third time, because this message may be what kills the workers.
    "end_lost_turn": SharedFunction(
        """
local function end_lost_turn(reply, channel)
    count(channel or 'unknown', 'lost_count')
    local disconnect = channel == 'websocket.disconnect' and redis.call('HGET', connections_key(reply), reply)
    if disconnect then queue_disconnect(reply, string.sub(disconnect, 2)) end
    queue_turn(reply)
end
""",
        ("count", "connections_key", "queue_disconnect", "queue_turn"),
    ),
}

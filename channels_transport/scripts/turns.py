"""
The scripts of turns: a connection's frames are queued, received and run one after another.
"""

from __future__ import annotations

from .script import LayerScript

# Queues a frame. ARGV:
# * channel, reply channel, order, body, expiry (s);
# * capacity, capacity of one connection's frames, lease of the connection's record (s);
# * with websocket.connect: the body of the websocket.disconnect to run if the interface dies, otherwise '';
# * from an interface: 'first', 'next' or 'forget'. 'first' means that Redis has accepted all frames before this one, so
#   Redis has lost any missing frame. 'next' means that the frame is accepted only directly after the trip's previous
#   frame. 'forget' means that the frame is the connection's last one, and replaces the frames that wait.
# Returns 'ok', 'again' (it was accepted before), 'full', or 'gap' (the previous frame is missing).
ENQUEUE = LayerScript(
    "count stamp is_full connections_key push_turn queue_turn",
    """
local channel, reply, order, body, seconds = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7]
local capacity, frame_capacity, lease = ARGV[8], tonumber(ARGV[9]), ARGV[10]
local turn, frames = P .. 'turn:' .. reply, P .. 'frames:' .. reply
local record = redis.call('HMGET', turn, 'order', 'owner')
local last = record[1] and tonumber(record[1])
if last and order <= last then return 'again' end
if ARGV[12] == 'next' and last ~= order - 1 then return 'gap' end
if ARGV[12] == 'forget' then
    -- A turn in a channel's list may have been popped together with a copy of the first frame. Its claim removes it.
    local kept = record[2] == '-' and 1 or 0
    local forgotten = redis.call('LLEN', frames) - kept
    if forgotten > 0 then
        if kept == 1 then redis.call('LTRIM', frames, 0, 0) else redis.call('DEL', frames) end
        count(channel, 'forgotten_count', forgotten)
    end
elseif last and order > last + 1 then
    if ARGV[12] ~= 'first' then return 'gap' end
    count(channel, 'lost_count', order - last - 1)
end
local full, waiting = false, nil
if not record[2] then full, waiting = is_full(channel, capacity) end
if full then return 'full' end
local expiry = stamp(seconds)
local length = redis.call('RPUSH', frames, 'F' .. expiry .. channel .. '\\0' .. body)
if length > frame_capacity then
    redis.call('RPOP', frames)
    count(channel, 'channel_full_count')
    return 'full'
end
redis.call('EXPIRE', frames, lease)
if not record[2] and length == 1 then
    local number = push_turn(reply, channel, expiry, body, waiting)
    redis.call('HSET', turn, 'order', order, 'owner', '-', 'channel', channel, 'number', number)
else
    redis.call('HSET', turn, 'order', order)
    -- Redis has lost the connection's record, and still has frames of it.
    if not record[2] then queue_turn(reply) end
end
redis.call('EXPIRE', turn, lease)
if ARGV[11] ~= '' then
    redis.call('HSET', connections_key(reply), reply, 'C' .. ARGV[11])
    redis.call('EXPIRE', connections_key(reply), $OPEN_CONNECTIONS_SECONDS)
elseif channel == 'websocket.disconnect' then
    redis.call('HSET', connections_key(reply), reply, 'D' .. body)
end
count(channel, 'messages_count')
return 'ok'
""",
)

# Puts the current frame back at the head of its connection's frames. ARGV: channel, reply channel, body, expiry
# (s), lease of the connection's record (s), worker.
REQUEUE = LayerScript(
    "stamp pop_frame",
    """
local turn = P .. 'turn:' .. ARGV[4]
if redis.call('HGET', turn, 'owner') == '-' then
    -- The worker's claim has not arrived yet, and would remove the frame that is queued again.
    pop_frame(ARGV[4])
    redis.call('HSET', turn, 'owner', ARGV[8])
end
redis.call('LPUSH', P .. 'frames:' .. ARGV[4], 'F' .. stamp(ARGV[6]) .. ARGV[3] .. '\\0' .. ARGV[5])
redis.call('EXPIRE', P .. 'frames:' .. ARGV[4], ARGV[7])
""",
    frees=True,
)

# Ends the current turn, and returns the next message. ARGV:
# * worker, its lease (ms);
# * the connection whose frame the worker has finished, or ''; the number of that turn;
# * the index of the channel to begin with, then the channels.
# Returns false (no message waits); {channel, item}; or, for a turn that the worker now owns,
# {channel, body of its frame, reply channel, number, session}.
NEXT = LayerScript(
    "count is_expired read_session pop_frame end_turn end_lost_turn",
    """
local worker, lease, finished, number = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local start, first = tonumber(ARGV[7]), 8
local total = #ARGV - first + 1

if finished ~= '' then
    local turn = P .. 'turn:' .. finished
    local record = redis.call('HMGET', turn, 'owner', 'channel', 'number')
    local is_claimed = record[1] == worker
    if record[3] == number and (is_claimed or record[1] == '-') then
        -- The claim is sent on another connection, and may arrive later.
        if not is_claimed then pop_frame(finished) end
        end_turn(finished, record[2])
    elseif is_claimed then
        -- The worker owns the connection's next turn, so the answer with its frame was lost.
        end_lost_turn(finished, record[2])
    end
end

-- Begins a turn, and returns the answer for the worker; nil if another worker owns it, or if its frame has expired.
local function begin_turn(channel, item)
    local reply = string.sub(item, 31, string.find(item, '\\0', 31, true) - 1)
    local turn, number = P .. 'turn:' .. reply, string.sub(item, 15, 30)
    local record = redis.call('HMGET', turn, 'owner', 'number', 'order')
    -- If Redis has lost the connection's record, the turn is still valid.
    if record[3] and (record[1] ~= '-' or record[2] ~= number) then return nil end
    local body = pop_frame(reply)
    if body and is_expired(item) then count(channel, 'expired_count') end
    if not body or is_expired(item) then
        end_turn(reply, channel)
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
            local found = begin_turn(channel, item)
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

# Claims a turn, or renews its lease. ARGV: worker, lease (ms), reply channel, number of the turn, and 'copied' if the
# worker has copies of the frame and the session. Returns false if the turn has ended or another worker owns it, 0 if
# the lease is renewed. If the turn begins, it returns {body of its frame or '', session or ''}, or 1 to a worker with
# copies.
CLAIM = LayerScript(
    "read_session pop_frame",
    """
local worker, lease, reply, number = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local turn = P .. 'turn:' .. reply
local record = redis.call('HMGET', turn, 'owner', 'number')
if record[2] ~= number or (record[1] ~= worker and record[1] ~= '-') then return false end
redis.call('ZADD', P .. 'turns', 'XX', now + lease, reply)
if record[1] == worker then return 0 end
redis.call('HSET', turn, 'owner', worker)
local body = pop_frame(reply) or ''
return ARGV[7] == 'copied' and 1 or {body, read_session(reply) or ''}
""",
    frees=True,
)

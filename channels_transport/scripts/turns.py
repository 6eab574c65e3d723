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
# * at most how many turns the worker wants to prefetch;
# * the index of the channel to begin with, then the channels.
# Returns false (no message waits); {channel, item}; or, for a turn that the worker now owns,
# {channel, body of its frame, reply channel, number, session, item of a prefetched turn, ...}. A prefetched turn is in
# the state of a turn that a blocking pop has popped: its item has copies, and the worker claims it when it begins.
NEXT = LayerScript(
    "count is_expired read_session pop_frame end_turn finish_turn",
    """
local worker, lease, finished = ARGV[3], tonumber(ARGV[4]), ARGV[5]
local most, start, first = tonumber(ARGV[7]), tonumber(ARGV[8]), 9
local total = #ARGV - first + 1

if finished ~= '' then finish_turn(worker, finished, ARGV[6]) end

-- Returns the connection and the number of a popped turn, and whether Redis has the connection's record. If Redis has
-- lost the record, the turn is still valid. Returns nil if another worker owns the turn, or if its frame has expired.
local function check_turn(channel, item)
    local reply = string.sub(item, 31, string.find(item, '\\0', 31, true) - 1)
    local number = string.sub(item, 15, 30)
    local record = redis.call('HMGET', P .. 'turn:' .. reply, 'owner', 'number', 'order')
    if record[3] and (record[1] ~= '-' or record[2] ~= number) then return nil end
    if is_expired(item) then
        if pop_frame(reply) then count(channel, 'expired_count') end
        end_turn(reply, channel)
        return nil
    end
    return reply, number, record[3]
end

-- Begins a turn, and returns the answer for the worker, or nil.
local function begin_turn(channel, item)
    local reply, number = check_turn(channel, item)
    if not reply then return nil end
    local body = pop_frame(reply)
    if not body then
        end_turn(reply, channel)
        return nil
    end
    redis.call('HSET', P .. 'turn:' .. reply, 'owner', worker, 'channel', channel, 'number', number)
    redis.call('ZADD', P .. 'turns', now + lease, reply)
    return {channel, body, reply, number, read_session(reply)}
end

-- Adds turns of other connections to an answer. The worker gets at most a quarter of the turns that wait, so that other
-- workers find turns too, and no lone turn waits for a worker with another turn.
local function prefetch(channel, answer)
    local key = P .. channel
    local wanted = math.min(most, math.floor(redis.call('LLEN', key) / 4))
    if wanted == 0 then return end
    local items = redis.call('LPOP', key, wanted)
    for index, item in ipairs(items) do
        if string.sub(item, 1, 1) ~= 'T' then
            for other = #items, index, -1 do redis.call('LPUSH', key, items[other]) end
            return
        end
        local reply, number, is_known = check_turn(channel, item)
        local frame = reply and redis.call('LINDEX', P .. 'frames:' .. reply, 0)
        if frame then
            if not is_known then
                redis.call('HSET', P .. 'turn:' .. reply, 'owner', '-', 'channel', channel, 'number', number)
            end
            redis.call('ZADD', P .. 'turns', now + lease, reply)
            local session = read_session(reply) or ''
            local body = string.sub(frame, string.find(frame, '\\0', 15, true) + 1)
            answer[#answer + 1] = string.sub(item, 1, 30) .. reply .. '\\0' .. #session .. '\\0' .. session .. body
        elseif reply then
            end_turn(reply, channel)
        end
    end
end

for step = 0, total - 1 do
    local channel = ARGV[first + (start + step) % total]
    while true do
        local item = redis.call('LPOP', P .. channel)
        if not item then break end
        if string.sub(item, 1, 1) == 'T' then
            local found = begin_turn(channel, item)
            if found then
                if most > 0 and channel == 'websocket.receive' then prefetch(channel, found) end
                return found
            end
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

# Ends the current turn of a worker that then waits. ARGV: worker, the connection whose frame the worker has finished or
# '', the number of that turn, then the channels. Returns how many of the channels have a list: 0 if no message waits.
FINISH = LayerScript(
    "finish_turn",
    """
if ARGV[4] ~= '' then finish_turn(ARGV[3], ARGV[4], ARGV[5]) end
local keys = {}
for index = 6, #ARGV do keys[#keys + 1] = P .. ARGV[index] end
return redis.call('EXISTS', unpack(keys))
""",
    frees=True,
)

# Claims a turn, or renews its lease. ARGV: worker, lease (ms), reply channel, number of the turn, and 'copied' if the
# worker has copies of the frame and the session. Returns false if the turn has ended or another worker owns it, 0 if
# the lease is renewed. If the turn begins, it returns {body of its frame or '', session or ''}, or 1 to a worker with
# copies.
CLAIM = LayerScript(
    "read_session claim_turn",
    """
local reply = ARGV[5]
local body = claim_turn(ARGV[3], tonumber(ARGV[4]), reply, ARGV[6])
if not body or body == 0 then return body end
return ARGV[7] == 'copied' and 1 or {body, read_session(reply) or ''}
""",
    frees=True,
)

# Ends the current turn, and claims a prefetched turn. The worker has copies of the frame and the session. ARGV: worker,
# lease (ms), the connection whose frame the worker has finished, the number of that turn, the reply channel and the
# number of the prefetched turn.
BEGIN_PREFETCHED = LayerScript(
    "finish_turn claim_turn",
    """
local worker = ARGV[3]
finish_turn(worker, ARGV[5], ARGV[6])
claim_turn(worker, tonumber(ARGV[4]), ARGV[7], ARGV[8])
""",
    frees=True,
)

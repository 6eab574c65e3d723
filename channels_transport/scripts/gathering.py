"""
The scripts of gathered frames: one command serves the heartbeats of many connections.

Both scripts only renew what exists. A connection may end while its gathered frame waits, and then nothing of the
connection may come back.
"""

from __future__ import annotations

from .script import LayerScript

# Reads the sessions of connections, and renews the leases of the connections like any other frame of them. ARGV: the
# reply channels. Returns for each one its session; false if there is none, or if frames of the connection wait or run:
# a gathered frame must not overtake them.
READ_IDLE_SESSIONS = LayerScript(
    "read_session",
    """
local found = {}
for index = 3, #ARGV do
    local turn = P .. 'turn:' .. ARGV[index]
    local is_busy = redis.call('HGET', turn, 'owner')
    local session = not is_busy and read_session(ARGV[index])
    found[#found + 1] = session
    -- The record of a connection that has ended expires soon. Such a connection has no session.
    if session then redis.call('EXPIRE', turn, $CONNECTION_LEASE_SECONDS) end
end
return found
""",
    frees=True,
)

# Renews the memberships of channels, under the rule of GROUP_ADD: those of which a twentieth has passed. ARGV: process,
# expiry of a membership (s), then for each channel: its name, the number of its groups, and the groups. Returns the
# channels that are missing in one of their groups, as numbers from 1.
GROUP_RENEW = LayerScript(
    "",
    """
local process, milliseconds = ARGV[3], tonumber(ARGV[4]) * 1000
local lapsed, number, index = {}, 0, 5
while index <= #ARGV do
    local channel, is_missing = ARGV[index], false
    number = number + 1
    for place = index + 2, index + 1 + tonumber(ARGV[index + 1]) do
        local group, members = P .. 'group:' .. ARGV[place], P .. 'members:' .. ARGV[place] .. ':' .. process
        local ends_at = tonumber(redis.call('ZSCORE', members, channel) or 0)
        if ends_at <= now or redis.pcall('HEXISTS', group, process) ~= 1 then
            is_missing = true
        elseif ends_at < now + milliseconds * 0.95 then
            redis.call('ZADD', members, now + milliseconds, channel)
            redis.call('EXPIRE', members, ARGV[4])
            redis.call('EXPIRE', group, ARGV[4])
        end
    end
    if is_missing then lapsed[#lapsed + 1] = number end
    index = index + 2 + tonumber(ARGV[index + 1])
end
return lapsed
""",
    frees=True,
)

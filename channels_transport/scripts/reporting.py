"""The script that writes the report of a process."""

from __future__ import annotations

from .script import LayerScript

# Writes a report, adds its name to the set `reports`, and removes the names of processes that died long ago. The score
# of a name is Redis' own time: a process with a wrong clock must not remove the names of others, because operators need
# the reports to find this clock. The script also runs if Redis has no memory left, because operators then read the
# reports. ARGV: name, report, lease (s), how long the names of dead processes stay (s).
REPORT = LayerScript(
    "",
    """
redis.call('SET', P .. ARGV[3], ARGV[4], 'EX', ARGV[5])
redis.call('ZADD', P .. 'reports', now / 1000, ARGV[3])
redis.call('ZREMRANGEBYSCORE', P .. 'reports', '-inf', now / 1000 - ARGV[6])
""",
    frees=True,
)

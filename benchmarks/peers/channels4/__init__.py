"""
Channels 4 in three versions: as its tutorial writes it, as an expert writes it after using a profiler (TUNED=1), and
with several rows in one transaction (also BATCHING=1).

LAYER chooses the Redis layer in the settings. The command that starts the stack chooses the server.
"""

"""
Channels 4 in two versions: as its tutorial writes it, and as an expert writes it after using a profiler (TUNED=1).

LAYER chooses the Redis layer in the settings. The command that starts the stack chooses the server.
"""

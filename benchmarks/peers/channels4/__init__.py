"""
Channels 4 in two versions: as its tutorial writes it, and as an expert writes it after a profile (TUNED=1).

LAYER chooses the Redis layer in the settings. The command that starts it chooses the server.
"""

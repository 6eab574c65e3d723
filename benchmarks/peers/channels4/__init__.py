"""
Channels 4 twice: as its tutorial writes it, and as an expert would after a profile (TUNED=1).

The settings choose the Redis layer by LAYER; which server runs it is said by who starts it.
"""

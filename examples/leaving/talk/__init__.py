"""The chat itself: what stays the same on Channels 1.1.8 and on Channels 4. It imports neither version."""

"""Channels 1.1.8 as shipped: its own worker and Redis layer, stock Daphne, and the tutorial's consumers."""

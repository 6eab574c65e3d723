"""Channels 1.1.8 as it was shipped: its own worker, its own Redis layer, stock Daphne; the tutorial's consumers."""

"""Benchmarks: compare the chat with its usual alternatives under one load on one machine. The product imports none."""

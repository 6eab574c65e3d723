"""Benchmarks: the chat beside its usual alternatives, with one load on one machine. The product imports none of it."""

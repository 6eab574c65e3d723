"""
The load: many websockets in one process, and what they heard. It runs by itself (`python -m benchmarks.generator`).

Whatever it costs is taken from the server that it measures, so a delivery costs one look into a dictionary; its own
CPU stands in every result.
"""

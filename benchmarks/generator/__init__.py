"""
Generate the load: many websockets in one process (`python -m benchmarks.generator`).

The generator takes CPU away from the server that it measures. So a delivery costs it one dictionary lookup, and every
result contains its own CPU time.
"""

"""
Generate the load: many websockets in one process (`python -m benchmarks.generator`).

The generator takes CPU away from the server that it measures. So it handles a delivery with one dictionary lookup,
and every result contains the generator's own CPU time.
"""

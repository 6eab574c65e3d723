"""
Measure how the cost of a message grows with workers, interfaces, sockets, members and history, also for the peers.

`python -m benchmarks.axes` is the command line. This package must not be imported by the product.
"""

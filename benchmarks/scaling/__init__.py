"""
The model of the site's size: what each step costs, how many processes a number of sockets needs, and whether real
sockets agree. `python -m benchmarks.scaling` is the command line. This package must not be imported by the product.
"""

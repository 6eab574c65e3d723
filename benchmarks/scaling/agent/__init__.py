"""
The load of the measurements, in processes of their own: `python -m benchmarks.scaling.agent`.

An agent reads commands (JSON lines) from standard input, and prints an answer for each. It must stay light, because it
shares the machine with the site.
"""

"""The command line: see `command_line.py` for the options, and `run.py` for the order of measurements."""

import sys

from benchmarks.axes.run import INTERRUPTED, main

if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)

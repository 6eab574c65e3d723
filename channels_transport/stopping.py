"""
Whether this process was told to end: for consumers that run for long, and can hand their work to another.

It ends nothing by itself, and knows no chat.
"""

# A plain flag: a signal handler may interrupt whatever holds a lock.
_is_stopping = False


def set_stopping(is_told):
    """Says whether this process' worker was told to end. For the worker alone."""
    global _is_stopping
    _is_stopping = is_told


def is_stopping():
    """Whether the worker was told to end, and waits only for the consumer that runs."""
    return _is_stopping

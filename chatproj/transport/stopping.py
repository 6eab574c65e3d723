"""
Whether this process was told to end: for consumers that run for long, and can hand their work to another.

It ends nothing by itself, and knows no chat.
"""
# A plain flag: a signal handler may interrupt whatever holds a lock.
_was_told = False


def note_stop():
    """Remembers that the process was told to end. For the worker's signal handler."""
    global _was_told
    _was_told = True


def is_stopping():
    """Whether the worker was told to end, and waits only for the consumer that runs."""
    return _was_told

"""
Threads: the replies to one message. Pages show them beside the room's timeline.

A reply is a message of its room and has an offset, like every message. It counts neither in the room's `unread` nor in
its `posts`. People follow a thread instead, and have a read marker in it. `rooms` stores the messages and calls this
package as an Addition. `rooms` does not know what a thread is.
"""

from .following import mark_all_read, mark_read, set_state
from .imported import find_imported_roots, store_imported_threads
from .notices import publish_newest
from .reading import OwnThread, ThreadPage, get_own_threads, get_thread
from .replies import ADDITION, get_root

__all__ = [
    "ADDITION",
    "OwnThread",
    "ThreadPage",
    "find_imported_roots",
    "get_own_threads",
    "get_root",
    "get_thread",
    "mark_all_read",
    "mark_read",
    "publish_newest",
    "set_state",
    "store_imported_threads",
]

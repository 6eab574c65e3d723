"""
Search: find messages by words, phrases, author, room and date, and messages with links, files or images.

The search works the same on SQLite and PostgreSQL. `words` makes the tokens of texts, `indexing` stores them, and
`finding` reads them. The index is behind the messages by seconds; nothing is indexed in the transaction of a post.
"""

from .finding import MAX_PAGES, RESULTS_PER_PAGE, Result, search
from .indexing import MONITOR_LEASE, Step, catch_up, forget_progress, index_changes, index_rooms
from .queries import Query, read_query

__all__ = [
    "MAX_PAGES",
    "MONITOR_LEASE",
    "Query",
    "RESULTS_PER_PAGE",
    "Result",
    "Step",
    "catch_up",
    "forget_progress",
    "index_changes",
    "index_rooms",
    "read_query",
    "search",
]

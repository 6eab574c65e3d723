"""
The rows: people, rooms, members, messages and their changes, and the rows of other features.

Constraints keep the same thing from being stored twice, even if a caller has a bug. QuerySets say how rows are found.
The models publish nothing, check no rights, and do not know the wire. Of this project, they import only
`chat.protocol.lookalikes`.
"""

from .announcements import Announcement, Receipt
from .boards import Board, Visitor
from .full_text import LABEL, Condition, Phrase, Rows, find_ids, make_words
from .invitations import Invitation
from .join_state import get_join_state, get_news
from .messages import Bookmark, Change, EarlierBody, Message, Reaction
from .moderation import AuditEntry, Report
from .paging import read_page
from .people import (
    MAX_SKELETON,
    NO_HANDLE_KEYS,
    KnownPlace,
    Person,
    Token,
    make_handle_key,
    make_handle_keys,
    make_handle_skeleton,
)
from .rooms import Member, Room
from .scheduled import ScheduledMessage
from .search import Changed, Document, Due, SearchDay, SearchDocument, SearchProgress, get_changed_messages
from .statements import insert, snapshot
from .tasks import Task, TaskPart

__all__ = [
    "Announcement",
    "AuditEntry",
    "Board",
    "Bookmark",
    "Change",
    "Changed",
    "Condition",
    "Document",
    "Due",
    "EarlierBody",
    "Invitation",
    "KnownPlace",
    "LABEL",
    "MAX_SKELETON",
    "Member",
    "Message",
    "NO_HANDLE_KEYS",
    "Person",
    "Phrase",
    "Reaction",
    "Receipt",
    "Report",
    "Room",
    "Rows",
    "ScheduledMessage",
    "SearchDay",
    "SearchDocument",
    "SearchProgress",
    "Task",
    "TaskPart",
    "Token",
    "Visitor",
    "find_ids",
    "get_changed_messages",
    "get_join_state",
    "get_news",
    "insert",
    "make_handle_key",
    "make_handle_keys",
    "make_handle_skeleton",
    "make_words",
    "read_page",
    "snapshot",
]

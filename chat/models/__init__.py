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
from .join_state import find_present, get_join_state, get_news
from .messages import Bookmark, Change, EarlierBody, Mention, Message, Reaction
from .moderation import AuditEntry, Report
from .paging import read_page
from .people import (
    MAX_SKELETON,
    NO_HANDLE_KEYS,
    Block,
    KnownPlace,
    Person,
    Token,
    make_handle_key,
    make_handle_keys,
    make_handle_skeleton,
)
from .profiles import Login, Picture, Preferences, Profile
from .rooms import FormerSlug, Member, Room
from .scheduled import ScheduledMessage
from .search import Changed, Document, Due, SearchDay, SearchDocument, SearchProgress, get_changed_messages
from .statements import insert, set_related, snapshot
from .tasks import Task, TaskPart
from .workspace import Newest, Place, count_news, find_newest, find_places, find_posts

__all__ = [
    "Announcement",
    "AuditEntry",
    "Block",
    "Board",
    "Bookmark",
    "Change",
    "Changed",
    "Condition",
    "Document",
    "Due",
    "EarlierBody",
    "FormerSlug",
    "Invitation",
    "KnownPlace",
    "LABEL",
    "Login",
    "MAX_SKELETON",
    "Member",
    "Mention",
    "Message",
    "NO_HANDLE_KEYS",
    "Newest",
    "Person",
    "Phrase",
    "Picture",
    "Place",
    "Preferences",
    "Profile",
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
    "count_news",
    "find_ids",
    "find_newest",
    "find_places",
    "find_posts",
    "find_present",
    "get_changed_messages",
    "get_join_state",
    "get_news",
    "insert",
    "make_handle_key",
    "make_handle_keys",
    "make_handle_skeleton",
    "make_words",
    "read_page",
    "set_related",
    "snapshot",
]

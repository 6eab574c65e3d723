"""
The rows: people, rooms, members, messages and their changes, and the rows of other features.

Constraints keep the same thing from being stored twice, even if a caller has a bug. QuerySets say how rows are found.
The models publish nothing, check no rights, and do not know the wire. Of this project, they import only
`chat.protocol.lookalikes`.
"""

from .announcements import Announcement, Receipt
from .boards import Board, Visitor
from .external_logins import MAX_SUBJECT, ExternalLogin
from .files import FilePart, StoredFile
from .full_text import LABEL, Condition, Phrase, Rows, find_allowed, find_ids, make_words
from .grants import POST, READ, ROOMS, SCOPES, Grant
from .invitations import Invitation
from .join_state import find_present, get_join_state, get_news
from .mails import EmailAddress, Mail
from .messages import AdditionBit, Bookmark, Change, EarlierBody, Mention, Message, Reaction
from .moderation import AuditEntry, Report
from .paging import read_page
from .people import (
    MAX_SKELETON,
    NO_HANDLE_KEYS,
    Block,
    KnownPlace,
    Person,
    make_handle_key,
    make_handle_keys,
    make_handle_skeleton,
)
from .profiles import Login, Picture, Preferences, Profile
from .push import PushSubscription
from .replica import REPLICA, ReplicaRouter, has_replica, read_from_replica
from .retention import Hold, RetentionEntry, RetentionRule
from .rooms import FormerSlug, Member, Room
from .scheduled import ScheduledMessage
from .search import Changed, Document, Due, SearchDay, SearchDocument, SearchProgress, get_changed_messages
from .second_factor import AccountEntry, RecoveryCode, SecondFactor
from .statements import insert, long_statements, set_related, snapshot
from .tasks import Task, TaskPart
from .tokens import Token
from .workspace import Newest, Place, count_news, find_newest, find_places, find_posts

__all__ = [
    "AccountEntry",
    "AdditionBit",
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
    "EmailAddress",
    "ExternalLogin",
    "FilePart",
    "FormerSlug",
    "Grant",
    "Hold",
    "Invitation",
    "KnownPlace",
    "LABEL",
    "Login",
    "MAX_SKELETON",
    "MAX_SUBJECT",
    "Mail",
    "Member",
    "Mention",
    "Message",
    "NO_HANDLE_KEYS",
    "Newest",
    "POST",
    "Person",
    "Phrase",
    "Picture",
    "Place",
    "Preferences",
    "Profile",
    "PushSubscription",
    "READ",
    "REPLICA",
    "ROOMS",
    "Reaction",
    "Receipt",
    "RecoveryCode",
    "ReplicaRouter",
    "Report",
    "RetentionEntry",
    "RetentionRule",
    "Room",
    "Rows",
    "SCOPES",
    "ScheduledMessage",
    "SearchDay",
    "SearchDocument",
    "SearchProgress",
    "SecondFactor",
    "StoredFile",
    "Task",
    "TaskPart",
    "Token",
    "Visitor",
    "count_news",
    "find_allowed",
    "find_ids",
    "find_newest",
    "find_places",
    "find_posts",
    "find_present",
    "get_changed_messages",
    "get_join_state",
    "get_news",
    "has_replica",
    "insert",
    "long_statements",
    "make_handle_key",
    "make_handle_keys",
    "make_handle_skeleton",
    "make_words",
    "read_from_replica",
    "read_page",
    "set_related",
    "snapshot",
]

"""
The rows: people, rooms, members, messages and their changes, and the rows of other features.

Constraints keep the same thing from being stored twice, even if a caller has a bug. QuerySets say how rows are found.
The models publish nothing, check no rights, and do not know the wire. Of this project, they import only
`chat.protocol.lookalikes`.
"""

from .announcements import Announcement, Receipt, find_announcements, get_newest_announcement_id
from .boards import Board, Visitor
from .custom_emoji import CustomEmoji
from .external_logins import MAX_SUBJECT, ExternalLogin
from .files import FilePart, StoredFile
from .full_text import LABEL, Condition, Phrase, Rows, find_allowed, find_ids, make_words
from .grants import POST, READ, ROOMS, SCOPES, Grant
from .hooks import Hook, HookDelivery, MessageSender
from .imports import ImportedItem
from .invitations import Invitation
from .join_state import find_present, get_join_state, get_news
from .mails import EmailAddress, Mail
from .message_pages import read_changed_messages, read_messages_between, read_newest_messages
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
from .polls import Poll, PollOption, PollVote
from .previews import LinkPreview, Preview
from .profiles import Login, Picture, Preferences, Profile
from .push import PushSubscription
from .reminders import Reminder
from .replica import REPLICA, ReplicaRouter, has_replica, read_from_replica
from .retention import Hold, RetentionEntry, RetentionRule
from .rooms import FormerSlug, Member, Room
from .scheduled import ScheduledMessage
from .search import Changed, Document, Due, SearchDay, SearchDocument, SearchProgress, get_changed_messages
from .second_factor import AccountEntry, RecoveryCode, SecondFactor
from .statements import insert, insert_row, long_statements, set_related, snapshot
from .tasks import Task, TaskPart
from .threads import Follower, Summary, Thread, ThreadMember, find_followers, find_summaries
from .tokens import Token
from .uploads import Upload
from .workspace import (
    Newest,
    Place,
    count_news,
    find_newest,
    find_places,
    find_posts,
    find_posts_of_all,
    may_be_cut_off,
)

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
    "CustomEmoji",
    "Document",
    "Due",
    "EarlierBody",
    "EmailAddress",
    "ExternalLogin",
    "FilePart",
    "Follower",
    "FormerSlug",
    "Grant",
    "Hold",
    "Hook",
    "HookDelivery",
    "ImportedItem",
    "Invitation",
    "KnownPlace",
    "LABEL",
    "LinkPreview",
    "Login",
    "MAX_SKELETON",
    "MAX_SUBJECT",
    "Mail",
    "Member",
    "Mention",
    "Message",
    "MessageSender",
    "NO_HANDLE_KEYS",
    "Newest",
    "POST",
    "Person",
    "Phrase",
    "Picture",
    "Place",
    "Poll",
    "PollOption",
    "PollVote",
    "Preferences",
    "Preview",
    "Profile",
    "PushSubscription",
    "READ",
    "REPLICA",
    "ROOMS",
    "Reaction",
    "Receipt",
    "RecoveryCode",
    "Reminder",
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
    "Summary",
    "Task",
    "TaskPart",
    "Thread",
    "ThreadMember",
    "Token",
    "Upload",
    "Visitor",
    "count_news",
    "find_allowed",
    "find_announcements",
    "find_followers",
    "find_ids",
    "find_newest",
    "find_places",
    "find_posts",
    "find_posts_of_all",
    "find_present",
    "find_summaries",
    "get_changed_messages",
    "get_join_state",
    "get_newest_announcement_id",
    "get_news",
    "has_replica",
    "insert",
    "insert_row",
    "long_statements",
    "make_handle_key",
    "make_handle_keys",
    "make_handle_skeleton",
    "make_words",
    "may_be_cut_off",
    "read_changed_messages",
    "read_from_replica",
    "read_messages_between",
    "read_newest_messages",
    "read_page",
    "set_related",
    "snapshot",
]

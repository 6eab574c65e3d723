"""
Imports: the history of a team, from exports of Slack, of Mattermost, and of sites like this one.

A reader yields the people, rooms, messages and emoji of an export in one form (`items`). The spool sorts the messages
by time. `running` plans and stores the import: `people` and `rooms` decide which accounts and rooms of this site stand
for those of the export, and `writing` stores the messages. To read the export of another system, write another reader.
"""

from .attached import Attached
from .exports import Export
from .items import ImportFailure, Reader
from .mattermost import MattermostReader
from .people import EMAIL, HANDLE, Planned, read_mapping
from .running import Import, Options, Progress
from .slack import SlackReader
from .transcripts import TranscriptReader

__all__ = [
    "EMAIL",
    "HANDLE",
    "Attached",
    "Export",
    "Import",
    "ImportFailure",
    "MattermostReader",
    "Options",
    "Planned",
    "Progress",
    "Reader",
    "SlackReader",
    "TranscriptReader",
    "read_mapping",
]

"""
Uploads: the files of messages. A person uploads a file into a room, and then posts a message with it.

`chat.services.files` keeps the bytes. The package registers the Addition FILES: a post stores its files together with
the message, and the deletion of the message deletes its files. When a row of Upload is deleted, also by a cascade, its
files in the store are deleted after the commit.

A picture waits for a job, which decodes it and stores it again without metadata. Nobody gets the picture before the job
has run, because the metadata of a photo may say where its author lives.
"""

from . import messages, owner  # noqa: F401 (importing them registers the addition and the owner of the files)
from .exported import list_posted
from .imported import accepts_imported_files, attach_imported_files, discard_imported_files, keep_imported_file
from .listing import Listed, list_files
from .messages import (
    attach_to_scheduled,
    describe_files,
    find_notice_files,
    find_scheduled,
    release_scheduled,
)
from .names import clean_name
from .opening import Opened, find_upload, open_file, open_thumbnail
from .processing import process_picture
from .receiving import Permission, allow_upload, finish_upload, make_failure, store_upload
from .removal import delete_held_files, find_rooms_with_held_files, remove_file
from .sweeping import sweep_uploads
from .unused import delete_unused

__all__ = [
    "Listed",
    "Opened",
    "Permission",
    "accepts_imported_files",
    "allow_upload",
    "attach_imported_files",
    "attach_to_scheduled",
    "clean_name",
    "delete_held_files",
    "delete_unused",
    "describe_files",
    "discard_imported_files",
    "find_notice_files",
    "find_rooms_with_held_files",
    "find_scheduled",
    "find_upload",
    "finish_upload",
    "keep_imported_file",
    "list_files",
    "list_posted",
    "make_failure",
    "open_file",
    "open_thumbnail",
    "process_picture",
    "release_scheduled",
    "remove_file",
    "store_upload",
    "sweep_uploads",
]

"""
Files that the site keeps, such as those of messages and the results of tasks. A file is written once, in parts, and
never changed.

The setting CHAT_FILES says where new files are stored: in a directory that all processes share, in a bucket of S3, or
in the database. All stores have the same methods.

A caller of this package does the following:

1. Choose a name (`make_name`), and store it in one of the caller's own rows: before step 2, or at most a day later.
2. `create` the file, write its parts, and `finish` it. Until then, nobody can read the file.
3. Delete the row first, and then the file. A process that is killed in between leaves a file without a row.
4. Register a function that says which names its rows have (`register_owner`). The sweep deletes files with other names.

This package checks no rights, and shows no name to anybody.
"""

from .errors import FileLost, FileTooLarge, NoSpace, StoreUnavailable
from .names import is_name, make_name
from .orphans import register_owner, sweep_files
from .stores import (
    create,
    delete,
    delete_after_commit,
    find_bucket,
    find_directory,
    find_paths,
    find_problem,
    has,
    is_in_directory,
    put,
    read,
    read_range,
    write,
)
from .writing import Parts, Writer

__all__ = [
    "FileLost",
    "FileTooLarge",
    "NoSpace",
    "Parts",
    "StoreUnavailable",
    "Writer",
    "create",
    "delete",
    "delete_after_commit",
    "find_bucket",
    "find_directory",
    "find_paths",
    "find_problem",
    "has",
    "is_in_directory",
    "is_name",
    "make_name",
    "put",
    "read",
    "read_range",
    "register_owner",
    "sweep_files",
    "write",
]

"""
Backups: one archive (tar) with a manifest, a consistent copy of the database, and the files outside of it. It is made
while the site runs.

`manage.py backup` and `manage.py restore` call this package. It does not know what the rows and the files mean.
"""

from .archive import BackupError, check_archive, find_file, keep_files, pack, unpack
from .databases import find_database
from .manifest import Manifest, make_manifest

__all__ = [
    "BackupError",
    "Manifest",
    "check_archive",
    "find_database",
    "find_file",
    "keep_files",
    "make_manifest",
    "pack",
    "unpack",
]

"""
The version of the client's code: a hash of its files.

The addresses of static files contain the version. An open tab compares the server's version with its own, and so
finds out that its code is outdated.
"""

import hashlib
from pathlib import Path

CHAT = Path(__file__).parent
# These modules change the client's files before browsers get them, so they are part of the hash.
CHANGING = [CHAT / "http" / "bundles.py", CHAT / "http" / "code_comments.py"]


def _hash_files(folder: Path) -> str:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in CHANGING))
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


CLIENT_VERSION = _hash_files(CHAT / "static" / "chat")

"""
Two versions, each a hash of files: CLIENT_VERSION is that of the client, and the release is that of the client and all
Python code.

Operators see which processes still run older code. The addresses of static files contain the version of the client. An
open tab compares the server's version with its own, and so finds out that its code is outdated.
"""

import hashlib
from functools import cache
from pathlib import Path

CHAT = Path(__file__).parent
CODE = ("channels_transport", "chat", "chatproj")
# These modules change the client's files before browsers get them, so they are part of the hash.
CHANGING = [CHAT / "http" / "bundles.py", CHAT / "http" / "code_comments.py"]


def _hash_files(folder: Path) -> str:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in CHANGING))
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def get_release() -> str:
    """Return a hash of the site's Python files and of CLIENT_VERSION, computed once in each process."""
    root = CHAT.parent
    found = [path for name in CODE for path in (root / name).rglob("*.py")]
    digest = hashlib.sha256(CLIENT_VERSION.encode())
    for path in sorted(found):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:8]


CLIENT_VERSION = _hash_files(CHAT / "static" / "chat")

"""The version of the client's code, by which an open tab finds out that it is an old one. Imports nothing of ours."""

import hashlib
from pathlib import Path


def _hash_files(folder):
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


CLIENT_VERSION = _hash_files(Path(__file__).parent / "static" / "chat")

"""
The names and types of uploaded files. Both come from a client, so neither is trusted. This module reads no rows.
"""

import mimetypes
import unicodedata
from fnmatch import fnmatchcase

from django.conf import settings

from chat.protocol import ChatError

MAX_NAME = 255
UNKNOWN = "application/octet-stream"
_DEFAULT_NAME = "file"
# The categories of characters that nobody sees. One of them reverses the text after it: a file that is named U+202E and
# then `gpj.exe` would look like `exe.jpg`.
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_FORBIDDEN = frozenset('/\\:*?"<>|')
# Python's own table: the tables of the system differ between machines.
_TYPES = mimetypes.MimeTypes(filenames=())
_MORE_TYPES = {
    ".7z": "application/x-7z-compressed",
    ".avif": "image/avif",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".flac": "audio/flac",
    ".heic": "image/heic",
    ".m4a": "audio/mp4",
    ".md": "text/markdown",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".wav": "audio/wav",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
SNIFFED_BYTES = 16


def clean_name(name: str) -> str:
    """
    Return the name of a file without folders, invisible characters, and characters that some systems forbid in names.

    The name has at most MAX_NAME characters, and keeps an ending of at most 20 characters. If nothing is left, return
    "file".
    """
    base = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    kept = "".join(" " if character.isspace() else character for character in base if _is_kept(character))
    kept = " ".join(kept.split()).strip(". ")
    stem, dot, ending = kept.rpartition(".")
    if len(kept) > MAX_NAME:
        kept = f"{stem[: MAX_NAME - len(ending) - 1]}.{ending}" if dot and len(ending) <= 20 else kept[:MAX_NAME]
    return kept or _DEFAULT_NAME


def _is_kept(character):
    return character.isspace() or (unicodedata.category(character) not in _UNSEEN and character not in _FORBIDDEN)


def find_picture_type(start: bytes) -> str | None:
    """Return the type of a picture that the site can decode, from the first SNIFFED_BYTES of its content, or None."""
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for signature, kind in _PICTURES if start.startswith(signature)), None)


def find_type(name: str, start: bytes) -> str:
    """
    Return the type of a file: for a picture from the first bytes of its content, else from the ending of its name.

    A file that only claims to be such a picture has the type UNKNOWN.
    """
    found = find_picture_type(start)
    if found is not None:
        return found
    ending = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
    guessed = _MORE_TYPES.get(ending) or _TYPES.guess_type(f"x{ending}")[0] or UNKNOWN
    return UNKNOWN if guessed in ("image/png", "image/jpeg", "image/gif", "image/webp") else guessed


def check_type(kind: str) -> None:
    """Raise `unsupported_type` if the setting CHAT_UPLOAD_TYPES does not allow a type."""
    allowed = settings.CHAT_UPLOAD_TYPES
    if allowed and not any(fnmatchcase(kind, pattern) for pattern in allowed):
        raise ChatError(
            "unsupported_type",
            "This site does not accept files of this type (%(type)s). Allowed types: %(allowed)s.",
            type=kind,
            allowed=", ".join(allowed),
        )

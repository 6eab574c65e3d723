"""
Read exports of rooms of another site like this one, or of this site.

Source of the format: the task `export` with the format `json` (chat/services/tasks/formats.py). The export is one such
file, or a directory or a zip file with several of them. The first line of a file describes the room, the last
line ends the JSON, and each line between them is one message with the fields of `describe` in
chat/services/tasks/export.py. The messages keep their numbers.

An export with files is a zip file with `messages.json` and the files. The field `path` of a file is its name in the zip
file: see chat/services/tasks/packing.py. Several unpacked exports may be in folders of one directory.

An export does not say whether its room was private. So the room becomes private, with the authors of its messages as
members, unless the operator says that it is public.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chat.protocol import ChatError, check_emoji, is_emoji_mark, is_slug, parse_moment

from .attached import Attached
from .exports import Export, Fields, clean, parse_json
from .items import (
    ExportError,
    ImportedFile,
    ImportedMessage,
    ImportedPerson,
    ImportedRoom,
    ImportFailure,
    Names,
    RawMessage,
    Reaction,
)

_HEAD = b'"messages":['
_END = b"]}"
_CONTENT = ("offset", "body", "edited_at", "removed", "reactions", "reply_to", "thread", "files")
_AT = re.compile("[@＠]")
# The path of a file of a message. The folder `files` is beside the transcript.
_FILE = re.compile(r"(?P<folder>(?:.*/)?)files/[^/]+/[^/]+")
_TRANSCRIPTS = ("messages.json", "messages.csv", "messages.html")


class TranscriptReader:
    """Reads the people, rooms and messages of exports. `skipped` counts what is left out, by the reason."""

    source = "export"

    def __init__(self, export: Export, is_public: bool = False, attached: Attached | None = None) -> None:
        """
        Prepare to read `export`. `is_public` says whether its rooms become public.

        `attached` finds the bytes of files that the export does not contain.
        """
        self.export = export
        self.attached = attached or Attached()
        self._kind = ImportedRoom.PUBLIC if is_public else ImportedRoom.PRIVATE
        self.skipped: Counter[str] = Counter()
        self._known: set[str] = set()
        # {slug: folder of the transcript, with a slash at its end}
        self._rooms: dict[str, str] = {}
        # {handle in the export: handle here} of the people whose handles differ.
        self._renamed: dict[str, str] | None = None

    def read(self) -> Iterator[ImportedPerson | ImportedRoom | RawMessage]:
        """
        Yield the people, rooms and messages, each person before their messages. Raise ImportFailure or ExportError.
        """
        found = [name for name in self.export.list_names() if not self._is_file_of_message(name)]
        names = [name for name in found if name.endswith(".json")] or found
        if not names:
            raise ImportFailure(f"{self.export.path} contains no export of a room.")
        for name in names:
            yield from self._read_room(name)

    def _is_file_of_message(self, name: str) -> bool:
        found = _FILE.fullmatch(name)
        return found is not None and any(self.export.has(found["folder"] + beside) for beside in _TRANSCRIPTS)

    def convert(self, message: RawMessage, names: Names) -> ImportedMessage:
        """Return a message in this site's form."""
        content = message.content
        edited_at = _parse_time(content.get("edited_at"))
        return ImportedMessage(
            text=self._rename(clean(content.get("body") or ""), names),
            edited_at=edited_at,
            # The export does not say when a message was removed.
            removed_at=(edited_at or message.at) if content.get("removed") else None,
            reply_to=str(content["reply_to"]) if content.get("reply_to") else None,
            thread=str(content["thread"]["root"]) if content.get("thread") else None,
            reactions=[Reaction(emoji, tuple(people)) for emoji, people in content.get("reactions", {}).items()],
            files=[self._convert_file(found, self._rooms[message.room]) for found in content.get("files", ())],
            place=(int(message.id), content["offset"]),
        )

    def _convert_file(self, found: dict[str, Any], folder: str) -> ImportedFile:
        name, address = clean(found["name"]), found.get("url", "")
        link = f"[{name.replace('[', '(').replace(']', ')')}]({address})" if address.startswith("http") else name
        path = folder + found["path"] if found.get("path") else ""
        if self._is_file_of_message(path) and self.export.has(path):
            return ImportedFile(name, f"📎 {link}", lambda: self.export.open(path))
        return ImportedFile(name, f"📎 {link}", self.attached.find(found["id"]))

    def _rename(self, text: str, names: Names) -> str:
        """Return a text in which people are mentioned by the handles that they have here."""
        if not _AT.search(text):
            return text
        if self._renamed is None:
            handles = {known: names.find_handle(known) or known for known in self._known}
            self._renamed = {known: handle for known, handle in handles.items() if handle != known}
        if not self._renamed:
            return text
        # The longest name comes first: "@Al Beta" does not mention Al.
        longest_first = sorted(self._known, key=len, reverse=True)
        pattern = f"(?<![\\w@＠])([@＠])({'|'.join(map(re.escape, longest_first))})(?!\\w)"
        renamed = self._renamed
        return re.sub(pattern, lambda found: found[1] + renamed.get(found[2], found[2]), text)

    def _read_room(self, name: str) -> Iterator[ImportedPerson | ImportedRoom | RawMessage]:
        lines = self.export.read_lines(name)
        where, line = next(lines, (name, b""))
        line = line.strip()
        if not line.endswith(_HEAD):
            raise ExportError(where, 'this is not an export of a room: the first line must end with "messages":[')
        head = Fields(parse_json(line + _END, where), where)
        room = head.object("room")
        slug = room.text("slug")
        if not is_slug(slug):
            raise ExportError(where, "'slug' of the room is not valid")
        if slug in self._rooms:
            raise ExportError(where, f"another file has the room {slug} too")
        self._rooms[slug] = name[: name.rfind("/") + 1]
        offset = head.number("offset")
        offsets: set[int] = set()
        authors: dict[str, None] = {}
        newest, has_end = 0, False
        for where, line in lines:
            line = line.strip()
            has_end = line == _END
            if not has_end:
                message = Fields(parse_json(line.removesuffix(b","), where), where)
                if message.number("id") <= newest or message.number("offset") in offsets:
                    raise ExportError(where, "'id' must ascend, and no two messages may have the same 'offset'")
                newest = message.number("id")
                offsets.add(message.number("offset"))
                authors[message.object("author").text("handle")] = None
                yield from self._read_message(slug, message, offset)
        if not has_end:
            raise ExportError(where, "the end of the file is missing, so the file is not complete")
        yield ImportedRoom(
            id=slug,
            slug=slug,
            name=room.text("name", "") or slug,
            topic=room.text("topic", ""),
            kind=self._kind,
            members=() if self._kind == ImportedRoom.PUBLIC else tuple(authors),
            offset=offset,
        )

    def _read_message(self, room: str, message: Fields, upto: int) -> Iterator[ImportedPerson | RawMessage]:
        number, offset = message.number("id"), message.number("offset")
        if not 1 <= number <= offset <= upto:
            raise ExportError(message.where, "'id' and 'offset' do not fit the offset of the room")
        author, guests = message.object("author"), set(message.texts("guests"))
        people = {author.text("handle"): author.flag("guest")}
        for emoji in message.object("reactions").values:
            if not _is_emoji(emoji):
                raise ExportError(message.where, f"{emoji!r} is not an emoji")
            people |= {handle: handle in guests for handle in message.object("reactions").texts(emoji)}
        for handle, is_guest in people.items():
            if handle not in self._known:
                self._known.add(handle)
                yield ImportedPerson(handle, handle, is_active=not is_guest, is_guest=is_guest)
        at = _parse_time(message.text("at"))
        if at is None or (message.values.get("edited_at") and _parse_time(message.text("edited_at")) is None):
            raise ExportError(message.where, "'at' and 'edited_at' must be times such as 2026-11-20T09:30:00Z")
        message.text("body", "")
        message.number("reply_to", 0)
        if message.values.get("thread") is not None:
            message.object("thread").number("root")
        for found in message.objects("files"):
            found.text("id")
            found.text("name")
            found.text("url", "")
            found.text("path", "")
        content = {name: message.values[name] for name in _CONTENT if message.values.get(name)}
        yield RawMessage(room, str(number), at, author.text("handle"), content)


def _is_emoji(text: str) -> bool:
    try:
        return is_emoji_mark(text) or check_emoji(text) == text
    except ChatError:
        return False


def _parse_time(value: Any) -> datetime | None:
    return parse_moment(value) if isinstance(value, str) and "T" in value else None

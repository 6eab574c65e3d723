"""
Read a bulk export of Mattermost.

Source of the format: "Bulk loading data" and "Bulk export tool",
https://docs.mattermost.com/onboard/bulk-loading-data.html. The export is a zip file with one `.jsonl` file and the
folder `data/`, its unpacked directory, or the `.jsonl` file by itself. Each line is an object with a `type`. These
types and fields are used; other types are ignored:

- `version`, the first line, must be 1;
- `emoji`: `name`, `image`;
- `channel`: `team`, `name`, `display_name`, `type` (`O` or `P`), `header`, `purpose`, `deleted_at`;
- `user`: `username`, `email`, `nickname`, `first_name`, `last_name`, `delete_at`, `profile_image`, and of `teams` the
  `name` and the `channels` with their `name` and `roles`; `bot`: `username`, `display_name`;
- `post`: `team`, `channel`, `user`, `type`, `message`, `create_at`, `edit_at`, `is_pinned`, `reactions` (`user`,
  `emoji_name`), `attachments` (`path`), the `attachments` of `props`, `replies` (the same fields without the channel);
- `direct_channel`: `header`, and `members` or the `username` of `participants`;
- `direct_post`: `channel_members`, and the fields of `post` without the channel.

The export has no ids, and its posts have no order. A post is recognised by its channel, time and author.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import IO, Any

from .emoji_names import find_emoji, replace_names
from .exports import Export, Fields, clean, parse_json
from .items import (
    ExportError,
    ImportedEmoji,
    ImportedFile,
    ImportedMessage,
    ImportedPerson,
    ImportedRoom,
    ImportFailure,
    Names,
    RawMessage,
    Reaction,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = {"O": ImportedRoom.PUBLIC, "P": ImportedRoom.PRIVATE}
_CONTENT = ("message", "type", "edit_at", "reactions", "attachments", "is_pinned", "props")
_EVERYBODY = re.compile(r"(?<![\w@])@(?:channel|all)\b", re.IGNORECASE)
_USERNAME = re.compile(r"(?<![\w@/.-])@([a-z0-9][a-z0-9._-]*)", re.IGNORECASE)
_CHANNEL = re.compile(r"(?<![\w~/.-])~([a-z0-9][a-z0-9_-]*)", re.IGNORECASE)
_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]+`|https?://\S+)", re.DOTALL)


class MattermostReader:
    """Reads the people, rooms and messages of an export. `skipped` counts what is left out, by the reason."""

    source = "mattermost"

    def __init__(self, export: Export) -> None:
        self.export = export
        self.skipped: Counter[str] = Counter()
        self._channels: dict[str, Fields] = {}
        self._members: defaultdict[str, set[str]] = defaultdict(set)
        self._owners: defaultdict[str, set[str]] = defaultdict(set)
        self._known: set[str] = set()
        self._directs: set[str] = set()
        self._teams: set[str] = set()

    def read(self) -> Iterator[ImportedEmoji | ImportedPerson | ImportedRoom | RawMessage]:
        """Yield the emoji, people, rooms and messages of the export. Raise ImportFailure or ExportError."""
        readers: dict[str, Callable[[Fields], Iterator[Any]]] = {
            "emoji": self._read_emoji,
            "channel": self._read_channel,
            "user": self._read_user,
            "bot": self._read_bot,
            "direct_channel": self._read_direct_channel,
            "post": self._read_post,
            "direct_post": self._read_direct_post,
        }
        for type, fields in self._read_lines():
            if type in readers:
                yield from readers[type](Fields(fields.values.get(type), fields.where))
        for id, channel in self._channels.items():
            yield self._make_room(id, channel)

    def convert(self, message: RawMessage, names: Names) -> ImportedMessage:
        """Return a message in this site's form."""
        content = message.content
        return ImportedMessage(
            text=_make_text(content, self._find_team(message.room), names),
            edited_at=_make_time(content["edit_at"]) if content.get("edit_at") else None,
            thread=content.get("root"),
            is_pinned=bool(content.get("is_pinned")),
            reactions=_convert_reactions(content.get("reactions") or ()),
            files=[self._convert_file(found["path"]) for found in content.get("attachments") or ()],
        )

    def _find_file(self, path: str) -> Callable[[], IO[bytes]] | None:
        """Return a function that opens a file of the export, or None if the export does not contain the file."""
        found = next((name for name in (f"data/{path}", path) if self.export.has(name)), None)
        return None if found is None else partial(self.export.open, found)

    def _convert_file(self, path: str) -> ImportedFile:
        name = clean(path).rpartition("/")[2] or "file"
        return ImportedFile(name, f"📎 {name}", self._find_file(path))

    def _find_team(self, room: str) -> str:
        """
        Return the team whose channels the messages of a room name with `~`, or "" if it is not known.

        A direct conversation belongs to no team. If the export has one team only, return this team.
        """
        team, _, channel = room.partition("/")
        return team if channel else next(iter(self._teams), "") if len(self._teams) == 1 else ""

    def _read_lines(self):
        names = self.export.list_names(ending=".jsonl")
        if len(names) != 1:
            raise ImportFailure(f"{self.export.path} is not an export of Mattermost: it must have one .jsonl file.")
        is_first = True
        for where, line in self.export.read_lines(names[0]):
            fields = Fields(parse_json(line, where), where)
            type = fields.text("type")
            if is_first and (type != "version" or fields.number("version") != 1):
                raise ExportError(where, "the first line must be the version 1 of the format")
            is_first = False
            yield type, fields

    def _read_emoji(self, fields: Fields) -> Iterator[ImportedEmoji]:
        name, found = fields.text("name"), self._find_file(fields.text("image", ""))
        if found is not None:
            yield ImportedEmoji(name, found)

    def _read_channel(self, fields: Fields) -> Iterator[Any]:
        fields.text("name")
        if fields.text("type", "O") not in _KINDS:
            raise ExportError(fields.where, "'type' of a channel must be O or P")
        self._teams.add(fields.text("team"))
        self._channels[_make_id(fields.text("team"), fields.text("name"))] = fields
        yield from ()

    def _read_user(self, fields: Fields) -> Iterator[ImportedPerson]:
        username = fields.text("username")
        for team in fields.objects("teams"):
            for channel in team.objects("channels"):
                id = _make_id(team.text("name"), channel.text("name"))
                self._members[id].add(username)
                if "channel_admin" in channel.text("roles", ""):
                    self._owners[id].add(username)
        name = f"{fields.text('first_name', '')} {fields.text('last_name', '')}".strip()
        self._known.add(username)
        yield ImportedPerson(
            id=username,
            handle=username,
            name=name or fields.text("nickname", ""),
            email=fields.text("email", ""),
            is_active=not fields.number("delete_at", 0),
            picture=self._find_file(fields.text("profile_image", "")),
        )

    def _read_bot(self, fields: Fields) -> Iterator[ImportedPerson]:
        username = fields.text("username")
        self._known.add(username)
        yield ImportedPerson(username, username, fields.text("display_name", ""), is_active=False)

    def _read_direct_channel(self, fields: Fields) -> Iterator[ImportedRoom]:
        members = fields.texts("members") or tuple(found.text("username") for found in fields.objects("participants"))
        yield from self._open_direct(fields, members, fields.text("header", ""))

    def _open_direct(self, fields: Fields, members: tuple[str, ...], header: str = "") -> Iterator[ImportedRoom]:
        if not members:
            raise ExportError(fields.where, "a direct conversation must name its members")
        id = _make_direct_id(members)
        if id not in self._directs:
            self._directs.add(id)
            people = tuple(sorted(set(members)))
            yield ImportedRoom(id, "direct", id, header, ImportedRoom.DIRECT, people)

    def _read_post(self, fields: Fields) -> Iterator[ImportedPerson | RawMessage]:
        room = _make_id(fields.text("team"), fields.text("channel"))
        if room not in self._channels:
            raise ExportError(fields.where, f"the channel {room} is in no earlier line")
        yield from self._read_posts(room, fields)

    def _read_direct_post(self, fields: Fields) -> Iterator[Any]:
        members = fields.texts("channel_members")
        yield from self._open_direct(fields, members)
        yield from self._read_posts(_make_direct_id(members), fields)

    def _read_posts(self, room: str, fields: Fields) -> Iterator[ImportedPerson | RawMessage]:
        root = f"{fields.number('create_at')}/{fields.text('user')}"
        yield from self._read_one(room, fields, None)
        for reply in fields.objects("replies"):
            yield from self._read_one(room, reply, root)

    def _read_one(self, room: str, fields: Fields, root: str | None) -> Iterator[ImportedPerson | RawMessage]:
        if fields.text("type", "").startswith("system_"):
            self.skipped["notices of Mattermost, such as who joined a channel"] += 1
            return
        user, at = fields.text("user"), fields.number("create_at")
        if not user:
            raise ExportError(fields.where, "'user' must not be empty")
        if user not in self._known:
            self._known.add(user)
            yield ImportedPerson(user, user, is_active=False)
        _check_content(fields)
        content = {name: fields.values[name] for name in _CONTENT if fields.values.get(name)}
        if root is not None:
            content["root"] = root
        yield RawMessage(room, f"{at}/{user}", _make_time(at), user, content)

    def _make_room(self, id: str, fields: Fields) -> ImportedRoom:
        return ImportedRoom(
            id=id,
            slug=fields.text("name"),
            name=fields.text("display_name", "") or fields.text("name"),
            topic=fields.text("header", "") or fields.text("purpose", ""),
            kind=_KINDS[fields.text("type", "O")],
            members=tuple(sorted(self._members[id])),
            owners=tuple(sorted(self._owners[id])),
            is_archived=bool(fields.number("deleted_at", 0)),
        )


def _make_id(team: str, channel: str) -> str:
    return f"{team}/{channel}"


def _make_direct_id(members: tuple[str, ...]) -> str:
    return ",".join(sorted(set(members)))


def _make_time(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _check_content(fields: Fields) -> None:
    """Raise ExportError if a field that `convert` reads has the wrong type."""
    fields.text("message", "")
    if fields.number("edit_at", 0) > 2**43 or fields.number("create_at") > 2**43:
        raise ExportError(fields.where, "'create_at' and 'edit_at' must be milliseconds since 1970")
    for reaction in fields.objects("reactions"):
        reaction.text("user")
        reaction.text("emoji_name")
    for attachment in fields.objects("attachments"):
        attachment.text("path")


def _convert_reactions(reactions):
    people: dict[str, list[str]] = {}
    for reaction in reactions:
        name = reaction["emoji_name"]
        people.setdefault(find_emoji(name) or f":{name}:", []).append(reaction["user"])
    return [Reaction(emoji, tuple(found)) for emoji, found in people.items()]


def _make_text(content: dict[str, Any], team: str, names: Names) -> str:
    text = _rename(clean(content.get("message") or ""), team, names)
    if content.get("type") == "me" and text and not text.startswith(("*", "_")):
        text = f"_{text}_"
    props = content.get("props")
    attachments = props.get("attachments") if isinstance(props, dict) else None
    quoted = [_quote(found, team, names) for found in attachments or () if isinstance(found, dict)]
    return "\n".join(part for part in (text, *quoted) if part.strip())


def _quote(attachment, team, names):
    parts = [attachment.get(name) for name in ("pretext", "title", "text")]
    lines = "\n".join(part for part in parts if isinstance(part, str) and part) or attachment.get("fallback")
    if not isinstance(lines, str):
        return ""
    return "\n".join(f"> {line}" for line in _rename(clean(lines), team, names).split("\n"))


def _rename(text: str, team: str, names: Names) -> str:
    """Return a text with the names that people and rooms have here. Code and addresses stay."""
    parts = _CODE.split(text)
    for index in range(0, len(parts), 2):
        part = _EVERYBODY.sub("@all", parts[index])
        part = _USERNAME.sub(lambda match: _rename_person(match, names), part)
        parts[index] = _CHANNEL.sub(lambda match: _rename_room(match, team, names), part)
    return replace_names("".join(parts))


def _rename_person(match, names):
    name = match[1].lower()
    for known in (name, name.rstrip("._-")):
        handle = names.find_handle(known)
        if handle is not None:
            return f"@{handle}{match[1][len(known) :]}"
    return match[0]


def _rename_room(match, team, names):
    slug = names.find_slug(_make_id(team, match[1].lower()))
    return f"#{slug}" if slug else match[0]

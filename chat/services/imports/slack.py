"""
Read an export of Slack.

Source of the format: "How to read Slack data exports", https://slack.com/help/articles/220556107, and the objects of
https://api.slack.com/events/message. The export is a zip file (or its unpacked directory) with these files; other files
are ignored:

- `users.json`: `id`, `team_id`, `name`, `deleted`, `is_bot`, `real_name`, and of `profile` the fields `display_name`,
  `real_name` and `email`;
- `channels.json` (public), `groups.json` (private), `mpims.json` (group messages), `dms.json` (direct messages): `id`,
  `name`, `created`, `creator`, `is_archived`, `members`, and the `value` of `topic` and `purpose`. All but the first
  are missing in the exports of some plans;
- a folder for each channel, with a file of messages for each day: `ts`, `subtype`, `user`, `bot_id`, `username`,
  `text`, `thread_ts`, the `ts` of `edited`, `reactions` (`name`, `users`), `files` (`id`, `name`, `title`,
  `permalink`, `url_private`, `url_private_download`, `mode`), `attachments` (`pretext`, `title`, `title_link`,
  `text`, `fallback`, `from_url`), `blocks`, `pinned_to`, and the names in `user_profile` and `bot_profile`.

`slack_messages` turns a message into this site's form.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from .attached import Attached
from .exports import Export, Fields
from .items import ExportError, ImportedMessage, ImportedPerson, ImportedRoom, ImportFailure, Names, RawMessage
from .mrkdwn import make_plain
from .slack_messages import convert_message

_LISTS = {
    "channels.json": ImportedRoom.PUBLIC,
    "groups.json": ImportedRoom.PRIVATE,
    "mpims.json": ImportedRoom.DIRECT,
    "dms.json": ImportedRoom.DIRECT,
}
_TS = re.compile(r"([0-9]{1,11})\.([0-9]{1,6})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Sentences such as "Alice has joined the channel", which Slack writes by itself. The export has them as messages.
_NOTICES = re.compile(
    r"(?:channel|group)_(?:join|leave|topic|purpose|name|archive|unarchive|posting_permissions|convert_to_private)"
    r"|bot_(?:add|remove|enable|disable)|(?:un)?pinned_item|reminder_add|huddle_thread|sh_room_(?:created|shared)"
    r"|app_conversation_(?:join|leave)|ekm_access_denied|channel_canvas_updated|joiner_notification(?:_for_inviter)?"
)
# The fields that `slack_messages` reads. The others are most of the export.
_CONTENT = ("text", "subtype", "thread_ts", "edited", "reactions", "files", "attachments", "blocks", "pinned_to", "ts")
_NOBODY = "unknown"


class SlackReader:
    """Reads the people, rooms and messages of an export. `skipped` counts what is left out, by the reason."""

    def __init__(self, export: Export, attached: Attached | None = None) -> None:
        """Read an export. `attached` finds the bytes of files, which the export does not contain."""
        self.export = export
        self.attached = attached or Attached()
        self.skipped: Counter[str] = Counter()
        self._known: set[str] = set()
        self.source = "slack"

    def read(self) -> Iterator[ImportedPerson | ImportedRoom | RawMessage]:
        """
        Yield the people, rooms and messages, each person before their messages. Raise ImportFailure or ExportError.
        """
        if not self.export.has("channels.json") or not self.export.has("users.json"):
            raise ImportFailure(
                f"{self.export.path} is not an export of Slack: it has no channels.json or no users.json."
            )
        for user in self._read_list("users.json"):
            yield self._read_person(user)
        for name, kind in _LISTS.items():
            for channel in self._read_list(name) if self.export.has(name) else ():
                yield _read_room(channel, kind)
                yield from self._read_messages(channel)

    def convert(self, message: RawMessage, names: Names) -> ImportedMessage:
        """Return a message in this site's form."""
        return convert_message(message, names, self.attached)

    def _read_list(self, name):
        return [Fields(item, f"{name}, item {number}") for number, item in enumerate(self.export.read_list(name), 1)]

    def _read_person(self, user: Fields) -> ImportedPerson:
        profile = user.object("profile")
        id, team = user.text("id"), user.text("team_id", "")
        if team and self.source == "slack":
            self.source = f"slack:{team}"[:64]
        self._known.add(id)
        username = user.text("name", "")
        real_name = profile.text("real_name", "") or user.text("real_name", "")
        return ImportedPerson(
            id=id,
            handle=profile.text("display_name", "") or username or real_name or id,
            name=real_name,
            email=profile.text("email", ""),
            aliases=(username,) if username else (),
            is_active=not (user.flag("deleted") or user.flag("is_bot") or id == "USLACKBOT"),
        )

    def _read_messages(self, channel: Fields) -> Iterator[ImportedPerson | RawMessage]:
        room = channel.text("id")
        names = self.export.list_names(channel.text("name", ""), ".json") if channel.text("name", "") else []
        for name in names or self.export.list_names(room, ".json"):
            for number, item in enumerate(self.export.read_list(name), 1):
                yield from self._read_message(room, Fields(item, f"{name}, message {number}"))

    def _read_message(self, room: str, message: Fields) -> Iterator[ImportedPerson | RawMessage]:
        if message.text("type", "message") != "message" or _NOTICES.fullmatch(message.text("subtype", "")):
            self.skipped["notices of Slack, such as who joined a channel"] += 1
            return
        at = read_time(message, "ts")
        author = _find_author(message)
        if author.id not in self._known:
            self._known.add(author.id)
            yield author
        content = {name: message.values[name] for name in _CONTENT if message.values.get(name)}
        if content.get("text"):
            content.pop("blocks", None)  # the blocks repeat the text
        _check_content(message)
        yield RawMessage(room, message.text("ts"), at, author.id, content)


def _read_room(channel: Fields, kind: str) -> ImportedRoom:
    id, creator = channel.text("id"), channel.text("creator", "")
    name = channel.text("name", "")
    if not name and kind != ImportedRoom.DIRECT:
        raise ExportError(channel.where, "'name' must be a text")
    created = channel.number("created", 0)
    return ImportedRoom(
        id=id,
        slug=name or id,
        name=name or id,
        topic=make_plain(channel.object("topic").text("value", "") or channel.object("purpose").text("value", "")),
        kind=kind,
        members=channel.texts("members"),
        owners=(creator,) if creator and kind != ImportedRoom.DIRECT else (),
        is_archived=channel.flag("is_archived"),
        created_at=_EPOCH + timedelta(seconds=created) if 0 < created < 2**33 else None,
    )


def read_time(fields: Fields, name: str) -> datetime:
    """Return the time of a field such as "1512085950.000216". Raise ExportError."""
    match = _TS.fullmatch(fields.text(name))
    if match is None:
        raise ExportError(fields.where, f"'{name}' must be a time such as \"1512085950.000216\"")
    return _EPOCH + timedelta(seconds=int(match[1]), microseconds=int(match[2].ljust(6, "0")))


def _find_author(message: Fields) -> ImportedPerson:
    """Return the author of a message. The lists of the export may lack bots and people of other workspaces."""
    user = message.text("user", "") or message.object("comment").text("user", "")
    profile, bot = message.object("user_profile"), message.object("bot_profile")
    if user:
        name = profile.text("display_name", "") or profile.text("name", "") or user
        return ImportedPerson(id=user, handle=name, name=profile.text("real_name", ""), is_active=False)
    bot_id, username = message.text("bot_id", ""), message.text("username", "") or bot.text("name", "")
    id = "/".join(filter(None, (bot_id, username)))[:100]
    return ImportedPerson(id=id or _NOBODY, handle=username or bot_id or _NOBODY, is_active=False)


def _check_content(message: Fields) -> None:
    """Raise ExportError if a field that `slack_messages` reads has the wrong type."""
    message.text("text", "")
    message.text("thread_ts", "")
    if message.values.get("edited"):
        read_time(message.object("edited"), "ts")
    for reaction in message.objects("reactions"):
        reaction.text("name")
        reaction.texts("users")
    for name in ("files", "attachments", "blocks"):
        for found in message.objects(name):
            _check_texts(found)


def _check_texts(found: Fields) -> None:
    for name in ("name", "title", "permalink", "url_private", "mode", "pretext", "title_link", "fallback", "from_url"):
        if not isinstance(found.values.get(name), dict):
            found.text(name, "")

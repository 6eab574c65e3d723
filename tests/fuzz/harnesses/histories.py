"""Harnesses of imports: whatever the files of an export contain, a reader yields messages, or names the mistake."""

import io

from chat.protocol import MAX_BODY, is_storable
from chat.services.imports import Export, ImportFailure, MattermostReader, SlackReader, TranscriptReader
from chat.services.imports.bodies import split_text
from chat.services.imports.items import ImportedEmoji, ImportedPerson, ImportedRoom, RawMessage

USERS = b'[{"id": "U1", "name": "alice"}]'
CHANNELS = b'[{"id": "C1", "name": "general", "members": ["U1"]}]'
LINES = b"""{"type": "version", "version": 1}
{"type": "channel", "channel": {"team": "t", "name": "general", "type": "O"}}
"""


class Files(Export):
    """An export whose files are in memory."""

    def __init__(self, **files):
        self.path, self._files = "export", {name.replace("__", "."): content for name, content in files.items()}

    def open(self, name):
        return io.BytesIO(self._files[name])


class Names:
    """The names of the people and rooms for a reader: everybody has the same."""

    def find_handle(self, id):
        return "Alice B" if id else None

    def find_slug(self, id):
        return "garden" if id else None


def check_reader(reader):
    """The reader yields texts that the database can store, and the parts of a text are short enough."""
    try:
        for item in reader.read():
            if isinstance(item, RawMessage):
                assert is_storable(item.id) and is_storable(item.author) and item.at.tzinfo is not None
                message = reader.convert(item, Names())
                assert is_storable(message.text)
                assert all(len(part) <= MAX_BODY for part in split_text(message.text))
            elif isinstance(item, ImportedPerson):
                assert all(map(is_storable, (item.id, item.handle, item.name, item.email)))
            elif isinstance(item, ImportedEmoji):
                assert is_storable(item.name)
            else:
                assert isinstance(item, ImportedRoom) and all(map(is_storable, (item.id, item.name, item.topic)))
    except ImportFailure as failure:
        assert str(failure)


def check_slack(data):
    """The input is a day of a channel of Slack."""
    check_reader(SlackReader(Files(users__json=USERS, channels__json=CHANNELS, **{"general/1__json": data})))


def check_mattermost(data):
    """The input is the lines of an export of Mattermost after the first two."""
    check_reader(MattermostReader(Files(import__jsonl=LINES + data)))


def check_transcript(data):
    """The input is an export of a site like this one."""
    check_reader(TranscriptReader(Files(garden__json=data)))

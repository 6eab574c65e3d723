"""
Path converters: how an id in an address becomes a value that every database takes.

Converters reject no text that matches their `regex`. A text that cannot be an id becomes an id that no row has. So a
view treats this text like an unknown id: it checks the method, the login and the rights first, and then returns the
resource's own 404. Slugs have no converter, because sockets, commands and JSON bodies name rooms too:
`rooms.find_room` checks the slug for all of them.
"""

from uuid import UUID

from django.urls import register_converter

from chat import protocol

NO_ID = 0
NO_UUID = UUID(int=0)


class RowIdConverter:
    """The id of a row, or the number of a message: digits of any length. The value is NO_ID if no row can have it."""

    regex = "[0-9]+"

    def to_python(self, text: str) -> int:
        return protocol.parse_integer(text.lstrip("0")) or NO_ID

    def to_url(self, value: int) -> str:
        return str(value)


class BoardUuidConverter:
    """The UUID of a board: any text without a slash. The value is NO_UUID if the text is not a UUID."""

    regex = "[^/]+"

    def to_python(self, text: str) -> UUID:
        return protocol.parse_uuid(text) or NO_UUID

    def to_url(self, value: UUID) -> str:
        return str(value)


register_converter(RowIdConverter, "row_id")
register_converter(BoardUuidConverter, "board_uuid")

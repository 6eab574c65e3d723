"""
What is not done, and why: the exceptions that become `rejected` and close codes, and the numbers they go by.

It imports nothing.
"""

MAX_INTEGER = 2**53 - 1  # the largest integer that JavaScript holds exactly
MAX_BODY = 4000  # characters
MAX_HANDLE = 32  # characters
MAX_ROOM_NAME = 80  # characters
MAX_TOPIC = 500  # characters
MAX_REASON = 500  # characters
MAX_SECONDS = 366 * 24 * 3600  # for which something may hold: a mute, an announcement
MAX_ANNOUNCEMENT = 1000  # characters
LEVELS = ("info", "warning", "urgent")  # of announcements
MAX_BACKLOG = 200  # changes
MAX_PAGE = 100  # messages
NEWEST_MESSAGES = 50  # messages that a client without a cursor gets
MAX_PRESENT = 100  # people named in `joined`, and the crowd above which `presence` gives counts only

# Close codes that a client can read. A table in docs/protocol.md says who comes back after which.
CLOSE_TOO_LARGE = 1009
CLOSE_OVERLOAD = 1013
CLOSE_NOT_SIGNED_IN = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_NOT_FOUND = 4404
CLOSE_CONNECTION_LOST = 4408
CLOSE_FLOODING = 4429


class ChatError(Exception):
    """
    Something was asked for that is not done. Nothing has changed.

    `code` is one of the wire's codes, `detail` a sentence for people, `ref` the client's id of the change (None
    where none could be read) and `retry_after` the seconds after which the same may succeed.
    """

    def __init__(self, code, detail, ref=None, retry_after=None):
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.ref = ref
        self.retry_after = retry_after


class CloseConnection(Exception):
    """A connection has lost its right to be there, and is closed with `code`."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code

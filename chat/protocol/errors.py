"""
Errors of the wire: the exceptions that become `rejected` frames and close codes, and the limits of fields and lists.

This module imports nothing.
"""

MAX_INTEGER = 2**53 - 1  # the largest integer that JavaScript represents exactly
MAX_BODY = 4000  # characters
MAX_HANDLE = 32  # characters
MAX_ROOM_NAME = 80  # characters
MAX_TOPIC = 500  # characters
MAX_REASON = 500  # characters
MAX_SECONDS = 366 * 24 * 3600  # the longest time that a mute or an announcement may last
MAX_ANNOUNCEMENT = 1000  # characters
LEVELS = ("info", "warning", "urgent")  # of announcements
MAX_BACKLOG = 200  # changes of messages in one backlog
MAX_PAGE = 100  # messages in one page
NEWEST_MESSAGES = 50  # messages that a client without a cursor receives
MAX_PRESENT = 100  # people named in `joined`; if more people are present, `presence` names nobody

# The codes with which the server closes a connection. A table in docs/protocol.md says after which codes a client
# reconnects.
CLOSE_TOO_LARGE = 1009
CLOSE_OVERLOAD = 1013
CLOSE_NOT_SIGNED_IN = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_NOT_FOUND = 4404
CLOSE_CONNECTION_LOST = 4408
CLOSE_FLOODING = 4429


class ChatError(Exception):
    """
    A request was refused, and nothing has changed; or it failed (`internal`, `unavailable`) and may have been stored.

    - `code`: one of the wire's codes.
    - `text`: a sentence for people. The caller must write it as a literal, because `bin/make_languages.py` collects the
      literals for translators. It may name `values`, as in "at most %(most)s people".
    - `detail`: the sentence with its values, in English, as the wire has it. chat.http.responses translates it.
    - `ref`: the client's id of the change; None if the request had no readable ref.
    - `retry_after`: the seconds after which the same request may succeed, or None.
    - `id`: the id of the failed request in the server's log, for `internal`; None otherwise.
    - `field`: the name of the field that the request must change, for forms; None if it is not known. The wire does
      not contain this name.
    """

    def __init__(
        self,
        code: str,
        text: str,
        ref: str | None = None,
        retry_after: float | None = None,
        field: str | None = None,
        **values: object,
    ) -> None:
        self.detail = text % values if values else text
        super().__init__(code, self.detail)
        self.code = code
        self.text = text
        self.values = values
        self.ref = ref
        self.retry_after = retry_after
        self.field = field
        self.id: str | None = None


def internal_error(ref: str | None = None, request_id: str | None = None) -> ChatError:
    """
    Return the error for a bug. The client does not learn the cause, which is only in the log.

    `request_id` finds the lines of the log that belong to the request.
    """
    error = ChatError("internal", "This request failed because of an error in the server.", ref)
    error.id = request_id
    return error


def unavailable_error(ref: str | None = None) -> ChatError:
    """Return the error for an outage. The client may send the same request again a second later."""
    return ChatError("unavailable", "The server cannot answer right now. Try again in a moment.", ref, retry_after=1.0)


class CloseConnection(Exception):
    """
    A connection has lost its right to be open.

    The code that catches this exception closes the connection with `code`.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

"""The registry of the kinds of mail. This module defines no kind, and sends nothing."""

from collections.abc import Callable
from typing import Any, NamedTuple

from chat.models import Mail


class Letter(NamedTuple):
    """A mail as its reader gets it: the address, the subject, and the text."""

    to: str
    subject: str
    text: str


Writer = Callable[[Mail, dict[str, Any]], "Letter | None"]
_writers: dict[str, Writer] = {}


def mail_kind(name: str) -> Callable[[Writer], Writer]:
    """
    Return a decorator that registers a function as the writer of a kind of mail.

    The function takes the Mail and its parameters. It writes in the language of the reader, which is active when it
    runs. It returns the Letter, or None if nobody gets a mail. It may run more than once.
    """

    def register(writer: Writer) -> Writer:
        _writers[name] = writer
        return writer

    return register


def find_writer(name: str) -> Writer | None:
    """Return the writer of a kind, or None if this version of the site does not know the kind."""
    return _writers.get(name)

"""Harness of the texts after the name of a command: polls, and the times of reminders."""

from datetime import UTC, datetime

from chat.protocol import MAX_BODY, ChatError, get_zone
from chat.services.moments import find_moment
from chat.services.polls import MAX_OPTIONS, read_poll, write_body
from tests.fuzz.target import count_calls, read_text

NOW = datetime(2026, 11, 30, 10, 30, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "Pacific/Apia", "Africa/Monrovia")
# A repeated "in 1m " takes the most calls, because each space may begin a time.
CALLS_PER_CHARACTER = 300


def check_text(data):
    """A poll is read or refused, and its body is a message. The work of reading a time grows with the text."""
    text = read_text(data)[:MAX_BODY]
    try:
        poll = read_poll(text)
    except ChatError as error:
        assert error.code in ("invalid_field", "empty", "too_long")
    else:
        assert 2 <= len(poll.options) <= MAX_OPTIONS and len(write_body(poll)) <= MAX_BODY
    found, calls = count_calls(find_moment, text[:1000], NOW, get_zone(ZONES[len(data) % len(ZONES)]))
    assert calls < CALLS_PER_CHARACTER * (len(text) + 50), f"{calls} calls for {len(text)} characters"
    if found is not None:
        assert found[0].tzinfo is not None and found[1] == found[1].strip(" \t,;")

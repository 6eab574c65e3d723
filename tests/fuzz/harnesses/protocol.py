"""Harnesses of the chat's protocol: frames, and days and times in time zones."""

import dataclasses
from datetime import UTC, datetime

from chat import protocol
from chat.protocol import ChatError
from tests.fuzz.target import read_text, split_parts

TABLES = (protocol.EVENTS, protocol.BOARD_EVENTS, protocol.WORKSPACE_EVENTS)


def check_frame(data):
    """A frame becomes an event, which stays the same when it is sent again, or a refusal that can be sent."""
    for text in (data, read_text(data)):
        for events in TABLES:
            _check_event(text, events)
        _check_list(text)


def _check_event(text, events):
    try:
        event = protocol.parse(text, events)
    except ChatError as error:
        protocol.encode(protocol.rejected(error)).encode()
        return
    fields = {name: write_value(value) for name, value in dataclasses.asdict(event).items()}
    assert protocol.parse(protocol.encode({"type": event.type, **fields}), events) == event
    if hasattr(event, "ref"):
        protocol.digest(event, "garden")


def write_value(value):
    """Return the value of an event's field as JSON has it."""
    return protocol.format_time(value) if isinstance(value, datetime) else value


def _check_list(text):
    try:
        frames = protocol.split_frames(text)
    except ChatError as error:
        assert error.code == "invalid_json"
        return
    assert all(isinstance(frame, str) for frame in frames)


def check_moment(data):
    """A day or a time in any zone is an interval in UTC, or it is refused."""
    text, zone = split_parts(data, 2)
    try:
        protocol.check_zone(zone)
    except ChatError:
        zone = None
    first, end = protocol.parse_moment(text, zone), protocol.parse_moment(text, zone, is_end=True)
    for moment in (first, end):
        assert moment is None or (moment.tzinfo is UTC and protocol.format_time(moment).endswith("Z"))
    if first and end:
        # Samoa left out a whole day, so this day is empty.
        assert first == end if "T" in text else first <= end
    for check in (protocol.check_moment, protocol.check_time):
        try:
            check(text, "at")
        except ChatError as error:
            assert error.code == "invalid_field"

"""The log of slow messages says where the time went, and has few lines if everything is slow."""

import json
import logging

import pytest
from django.db import connection

from channels_transport import arrivals, counting, log_context, slow_log
from channels_transport.json_lines import JsonFormatter
from channels_transport.slow_log import MAX_LINES, PERIOD_SECONDS, SlowLog

FRAME = {"reply_channel": "daphne.response.a!b", "order": 1}


@pytest.fixture
def slow(settings, caplog):
    """Yield a slow log whose worker handles a frame that arrived 100.5 s after the epoch."""
    settings.LOG_SLOW_SECONDS = 1
    caplog.set_level("INFO", "channels_transport.slow_log")
    slow = SlowLog()
    with log_context.handling("websocket.receive", FRAME):
        arrivals.begin({arrivals.KEY: 100_500})
        slow.begin()
        yield slow
    arrivals.end()


@pytest.mark.django_db
def test_a_line_says_where_the_time_went(slow, caplog):
    counting.watch_connection(connection)
    for _ in range(3):
        connection.cursor().execute("SELECT 1")
    counting.tally.seconds = 1.5
    slow.check("websocket.receive", 102.0, 2.5)
    assert caplog.messages == [
        "A message on websocket.receive (b#1) took 2.50 s; its 3 statements of the database took 1.50 s; "
        "the message had waited for 1.50 s before"
    ]
    fields = json.loads(JsonFormatter().format(caplog.records[0]))
    assert (fields["duration_ms"], fields["statements"], fields["database_ms"]) == (2500, 3, 1500)
    assert (fields["queue_ms"], fields["id"]) == (1500, "b#1")


@pytest.mark.no_database
def test_the_statements_of_the_previous_message_do_not_count(slow):
    counting.time_statement("default", lambda *arguments: None, "", (), False, {})
    assert counting.tally.statements == 1
    slow.begin()
    assert (counting.tally.statements, counting.tally.seconds) == (0, 0)


@pytest.mark.no_database
def test_a_clock_that_is_behind_gives_no_negative_time(slow, caplog):
    slow.check("websocket.receive", 99.0, 2)
    assert "waited for 0.00 s" in caplog.text


@pytest.mark.no_database
def test_a_slow_trip_names_the_message_whose_answers_it_carried(slow, caplog):
    with log_context.handling("websocket.receive", {}):
        slow.check_trip(1.5)
        slow.check_trip(0.5)
    assert caplog.messages == [
        "The messages that a consumer on websocket.receive (b#1) sent took 1.50 s to reach Redis"
    ]


@pytest.mark.no_database
def test_if_everything_is_slow_the_lines_are_few_and_the_others_are_counted(slow, caplog, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(slow_log.time, "monotonic", lambda: now[0])
    for _ in range(MAX_LINES + 25):
        slow.check("websocket.receive", 102.0, 2)
    assert len(caplog.records) == MAX_LINES
    now[0] += PERIOD_SECONDS
    slow.check("websocket.receive", 102.0, 2)
    assert caplog.messages[MAX_LINES] == "25 more slow messages were not logged"
    assert len(caplog.records) == MAX_LINES + 2


@pytest.mark.no_database
def test_zero_logs_nothing(slow, settings, caplog):
    settings.LOG_SLOW_SECONDS = 0
    slow.check("websocket.receive", 102.0, 99)
    slow.check_trip(99)
    assert not caplog.records and logging.getLogger("channels_transport.slow_log").isEnabledFor(logging.INFO)

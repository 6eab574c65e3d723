"""The log and the traces contain the steps of a message if the settings ask for them, and otherwise nothing."""

import subprocess
import sys
import time
import types

import pytest
from django.db import connection, transaction
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from channels_transport import following, items, log_context, tracing
from channels_transport.following import Follower, read_marks
from channels_transport.items import read_group_item
from channels_transport.layer import RedisChannelLayer
from channels_transport.log_context import CARRIED
from channels_transport.tracing import CollectorExporter, Tracer
from tests.helpers import fail_with
from tests.valkey import free_port

FRAME = {"reply_channel": "daphne.response.a!b", "order": 1, "path": "/invite/secret/", "text": "Hello"}


class Exporter(SpanExporter):
    """Keeps the exported spans."""

    def __init__(self):
        self.spans = []

    def export(self, spans):
        self.spans += spans
        return SpanExportResult.SUCCESS


@pytest.fixture
def exporter():
    return Exporter()


@pytest.fixture
def tracer(exporter):
    return Tracer(exporter)


@pytest.fixture
def follower(tracer, monkeypatch):
    """Return a follower that logs and traces, as if this process had been started with both settings."""
    monkeypatch.setattr(following, "follower", Follower(True, tracer))
    return following.follower


def finish(tracer, exporter):
    """Return the spans of a tracer by their names."""
    tracer.stop()
    return {span.name: span for span in exporter.spans}


@pytest.mark.no_database
def test_without_the_settings_nothing_is_followed_and_nothing_is_imported(settings):
    settings.LOG_MESSAGES = settings.TRACING = False
    following.start()
    assert following.follower is None
    code = "import sys, channels_transport.following; print([name for name in sys.modules if 'telemetry' in name])"
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "SECRET_KEY": "x"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "[]\n"


@pytest.mark.no_database
def test_missing_packages_are_named(settings, monkeypatch):
    settings.TRACING = True
    monkeypatch.setitem(sys.modules, "channels_transport.tracing", None)
    with pytest.raises(following.ImproperlyConfigured, match="opentelemetry-exporter-otlp-proto-http"):
        following.start()
    assert following.follower is None


@pytest.mark.no_database
def test_only_a_sampled_trace_is_carried(tracer, monkeypatch):
    version, _, _, flags = tracer.receive("websocket.receive", FRAME)[CARRIED]["trace"].split("-")
    assert version == "00" and int(flags, 16) & 1
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    assert Tracer(Exporter()).receive("websocket.receive", FRAME) == FRAME


@pytest.mark.no_database
def test_a_span_contains_no_text_and_no_secret_path(tracer, exporter, settings):
    settings.SECRET_PATHS = ["/invite/*"]
    tracer.receive("websocket.receive", FRAME)
    (span,) = finish(tracer, exporter).values()
    assert span.attributes["url.path"].startswith("/invite/***")
    assert span.attributes["messaging.message.id"] == "b#1"
    assert "Hello" not in span.to_json() and "secret" not in span.to_json()


@pytest.mark.no_database
def test_spans_are_valid_if_the_consumer_fails_or_a_clock_differs(tracer, exporter):
    carried = tracer.receive("websocket.receive", FRAME)[CARRIED]
    tracer.begin("websocket.receive", {**carried, "sent_at": time.time() + 3600})
    tracer.end(has_failed=True)
    spans = finish(tracer, exporter)
    queue, process = spans["queue websocket.receive"], spans["process websocket.receive"]
    assert queue.start_time <= queue.end_time and not process.status.is_ok


@pytest.mark.no_database
@pytest.mark.parametrize("carried", [{}, {"trace": 1, "sent_at": 1.0}, {"trace": "nonsense", "sent_at": "now"}])
def test_a_message_without_a_valid_trace_gets_no_span(tracer, exporter, carried):
    tracer.begin("websocket.receive", carried)
    tracer.note("reply")
    tracer.end(has_failed=False)
    assert tracer.run_statement("SELECT 1", lambda: 7) == 7 and tracer.carry() == {}
    assert finish(tracer, exporter) == {}


@pytest.mark.django_db
def test_a_statement_is_named_by_its_verb_and_table(tracer, exporter):
    carried = tracer.receive("websocket.receive", FRAME)[CARRIED]
    tracer.begin("websocket.receive", carried)
    for sql in ('SELECT * FROM "chat_room" WHERE slug = 7', "SAVEPOINT a", "", 'INSERT INTO "chat_ref" VALUES (1)'):
        tracer.run_statement(sql, lambda: None)
    with pytest.raises(ZeroDivisionError):
        tracer.run_statement("UPDATE chat_room SET slug = 1", fail_with(ZeroDivisionError()))
    tracer.end(has_failed=False)
    names = {*finish(tracer, exporter)} - {f"{step} websocket.receive" for step in ("receive", "queue", "process")}
    assert names == {"SELECT chat_room", "SAVEPOINT", "SQL", "INSERT chat_ref", "UPDATE chat_room"}


@pytest.mark.no_database
def test_the_item_of_a_group_message_names_its_cause_and_older_processes_ignore_it(follower, exporter):
    layer = RedisChannelLayer()
    message = follower.receive("websocket.receive", FRAME)
    with log_context.handling("websocket.receive", FRAME):
        follower.begin("websocket.receive", message[CARRIED])
        send = layer._make_send("room-1", {"text": "Hello"}, ["daphne.response.a!c"])
        follower.end(has_failed=False)
    item = b"E" + b"0" * 13 + b"0" * 16 + b"room-1\0" + send.content
    group = read_group_item(item)
    marks = read_marks(group.except_channels)
    assert marks["id"] == "b#1" and marks["trace"].startswith("00-")
    # This is all that a process without this feature does with the names.
    members = ["daphne.response.a!c", "daphne.response.a!d"]
    assert [name for name in members if name not in group.except_channels] == ["daphne.response.a!d"]
    assert layer.deserialize(group.body) == {"text": "Hello"}


@pytest.mark.no_database
def test_a_group_message_that_no_message_caused_has_no_marks(follower):
    assert follower.begin_broadcast("room-1").marks == []


@pytest.mark.no_database
def test_a_dead_collector_costs_one_line_and_no_time(monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
    monkeypatch.setattr(tracing, "FLUSH_SECONDS", 1)
    tracer = Tracer(CollectorExporter())
    began = time.monotonic()
    for _ in range(3):
        for _ in range(200):
            tracer.receive("websocket.receive", FRAME)
        time.sleep(0.3)
    tracer.stop()
    assert time.monotonic() - began < 4
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["The spans of traces are lost, because the collector does not accept them"]


@pytest.mark.no_database
def test_a_collector_that_hangs_does_not_hold_up_the_end_of_a_process(monkeypatch):
    monkeypatch.setattr(tracing, "FLUSH_SECONDS", 0.2)
    hanging = types.SimpleNamespace(export=lambda spans: time.sleep(5), shutdown=lambda: None)
    tracer = Tracer(hanging)
    tracer.receive("websocket.receive", FRAME)
    began = time.monotonic()
    tracer.stop()
    assert time.monotonic() - began < 2


@pytest.mark.django_db(transaction=True)
def test_a_commit_is_logged_with_the_id_of_its_frame(follower, caplog):
    following.watch_connection(connection)
    caplog.set_level("INFO", "channels_transport.following")
    with log_context.handling("websocket.receive", FRAME), transaction.atomic():
        connection.cursor().execute("SELECT 1")
    assert caplog.messages == ["b#1 committed in the database default"]


@pytest.mark.no_database
@pytest.mark.parametrize("reply", ["a!b\0c", "a!b,c", "a!\ud800", "a!%@"])
def test_a_reply_channel_of_an_application_damages_no_message_to_a_group(follower, reply):
    with log_context.handling("jobs", {"reply_channel": reply}):
        item = items.GroupSend("room", b"body", ["a!x", *follower.begin_broadcast("room").marks])
    stored = b"E" + b"0" * 13 + b"1" * 16 + b"room\0" + item.content
    assert read_group_item(stored)[2:4] == (frozenset(["a!x"]), b"body")


@pytest.mark.no_database
@pytest.mark.parametrize(
    "carried", ["text", 7, None, {"trace": 1, "sent_at": "x"}, {"trace": "", "sent_at": float("inf")}]
)
def test_a_message_of_an_application_may_have_the_key_of_what_is_carried(follower, carried):
    added = log_context.add_carried({CARRIED: carried}, parent="b#1")
    assert added[CARRIED]["parent"] == "b#1"
    follower.begin("jobs", log_context.take_carried(added))
    follower.end(has_failed=False)

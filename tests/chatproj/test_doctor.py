"""The doctor: each part broken by itself, and the sentence that names it."""

import http.server
import json
import threading
import time
import types

import pytest
import redis
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from django.core.management import call_command
from django.db import OperationalError, connection
from websockets.exceptions import ConnectionClosedError

from channels_transport import watching
from channels_transport.layer import RedisChannelLayer
from chat.store import MemoryStore, RedisStore
from chatproj import doctor
from chatproj.doctor import arrangement, findings, queues, servers, web
from tests.channels_transport.test_layer import make_layer
from tests.chat.consumers.test_room import fail_with


class Answers(http.server.BaseHTTPRequestHandler):
    """Whatever the test says."""

    status, body, headers_ = 200, b'{"status": "ok"}', {}

    def do_GET(self):
        self.send_response_only(self.status)
        for name, value in self.headers_.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def site():
    """A site that answers as its attributes say: `site.answers.status`, `body`, `headers_`."""
    answers = type("TheseAnswers", (Answers,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), answers)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    found = web.Site(f"http://127.0.0.1:{server.server_port}")
    found.answers = answers
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def wrapper(valkey_url, monkeypatch):
    """The default layer's wrapper, with an empty layer in Redis below."""
    wrapper = channel_layers[DEFAULT_CHANNEL_LAYER]
    monkeypatch.setattr(wrapper, "channel_layer", make_layer(valkey_url, capacity=10))
    return wrapper


def texts(found, is_well=False):
    assert {finding.is_well for finding in found} == {is_well}, found
    assert not [finding for finding in found if "\n" in finding.text or not finding.text.endswith((".", "s)."))]
    return " ".join(finding.text for finding in found)


# The way in.


def test_a_site_that_answers_is_well(site):
    assert site.url in texts(web.check_interface(site), is_well=True)


@pytest.mark.parametrize(
    "status, body, said",
    [
        (503, b"", "answers 503"),
        (404, b"", "not this site"),
        (200, b"<html>", "not this site"),
        (200, b"[]", "not this site"),
        (200, b"\xff\xfe", "not this site"),
    ],
)
def test_what_answers_otherwise_is_told_from_it(site, status, body, said):
    site.answers.status, site.answers.body = status, body
    assert said in texts(web.check_interface(site))


def test_where_nobody_listens_it_says_what_to_start():
    assert "start `manage.py interface`" in texts(web.check_interface(web.Site("http://127.0.0.1:1")))


def test_where_the_answer_takes_too_long_it_looks_at_the_workers(site, monkeypatch):
    monkeypatch.setattr(web, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(site.answers, "do_GET", lambda self: time.sleep(3))
    assert "whether workers run" in texts(web.check_interface(site))


def test_what_is_no_https_is_told(site):
    found = web.check_interface(web.Site(site.url.replace("http", "https")))
    assert "HTTPS" in texts(found)


@pytest.mark.parametrize("url", ["nonsense", "", "ftp://127.0.0.1", "http://", "http://127.0.0.1:port", "http://[::1"])
def test_what_is_no_address_is_told(url):
    with pytest.raises(ValueError):
        web.Site(url)


class Echo:
    """A websocket that answers as it is told to."""

    def __init__(self, answers):
        self.answers = iter(answers)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def send(self, text):
        pass

    def recv(self, seconds):
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_the_way_through_is_measured_by_the_echo(site, monkeypatch):
    monkeypatch.setattr(site, "open_echo", lambda: Echo(["doctor"] * 100), raising=False)
    text = texts(web.check_round_trip(site), is_well=True)
    assert "median of 9" in text and "echo websocket" in text


@pytest.mark.parametrize("answers", [[ConnectionClosedError(None, None)], ["something else"]])
def test_without_an_echo_it_is_measured_by_http(site, monkeypatch, answers):
    monkeypatch.setattr(site, "open_echo", lambda: Echo(answers), raising=False)
    assert "by HTTP" in texts(web.check_round_trip(site), is_well=True)


def test_what_speaks_no_websocket_is_measured_by_http(site):
    assert "by HTTP" in texts(web.check_round_trip(site), is_well=True)


def test_an_echo_that_falls_silent_is_not_well(site, monkeypatch):
    monkeypatch.setattr(site, "open_echo", lambda: Echo(["doctor", TimeoutError()]), raising=False)
    assert "Not one round trip" in texts(web.check_round_trip(site))


def test_a_slow_way_is_not_well(site, monkeypatch):
    monkeypatch.setattr(web, "SLOW_SECONDS", 0)
    assert "start more workers" in texts(web.check_round_trip(site))


# Workers and queues.


def report(layer, *channels, silent_for=0, **fields):
    """A worker's sign of life."""
    state = {"pid": 7, "channels": channels, "handled": 1, "busy_since": None, "at": time.time(), **fields}
    key = f"{layer.prefix}worker:{time.monotonic()}"
    layer.shards[0].call(("SET", key, json.dumps(state), "PX", 10_000 - silent_for * 1000))


def test_channels_that_nobody_takes_from_are_named(wrapper):
    text = texts(queues.check_workers(wrapper))
    assert "No delay server takes from asgi.delay: start `manage.py rundelay`" in text
    for channel in ("http.request", "websocket.connect", "websocket.receive", "websocket.disconnect", "chat.scheduled"):
        assert channel in text
    report(wrapper, *wrapper.router.channels - {"chat.scheduled"})
    text = texts(queues.check_workers(wrapper))
    assert "No worker listens on chat.scheduled: start" in text and "websocket" not in text
    report(wrapper, "chat.scheduled")
    report(wrapper, "asgi.delay")
    assert "3 processes" in texts(queues.check_workers(wrapper), is_well=True)


def test_a_worker_that_falls_silent_counts_no_more(wrapper):
    report(wrapper, *queues.get_channels(wrapper), silent_for=6)
    assert watching.read_reports(wrapper.channel_layer) == []


def test_a_worker_that_is_stuck_is_named(wrapper):
    report(wrapper, *queues.get_channels(wrapper), busy_since=time.time() - 60)
    assert "pid 7 has been at one message for 60 s" in texts(queues.check_workers(wrapper))


def test_background_work_may_take_its_time(wrapper):
    report(wrapper, *queues.get_channels(wrapper))
    report(wrapper, "chat.tasks", busy_since=time.time() - 600)
    texts(queues.check_workers(wrapper), is_well=True)


def test_a_worker_is_found_among_very_many_keys(wrapper, monkeypatch):
    monkeypatch.setattr(watching, "SCAN_AT_ONCE", 10)
    wrapper.shards[0].call(*(("SET", f"other:{number}", "") for number in range(500)))
    report(wrapper, "chat.tasks")
    assert [found["channels"] for found in watching.read_reports(wrapper.channel_layer)] == [["chat.tasks"]]


def test_a_message_that_waits_too_long_is_told(wrapper, monkeypatch):
    assert "0 messages wait" in texts(queues.check_queues(wrapper), is_well=True)
    wrapper.channel_layer.send("chat.scheduled", {"scheduled": 1})
    monkeypatch.setattr(queues, "OLD_SECONDS", -1)
    assert "On chat.scheduled the oldest of 1 messages has waited" in texts(
        [one for one in queues.check_queues(wrapper) if "chat.scheduled" in one.text]
    )


def test_a_queue_that_is_nearly_full_is_told(wrapper):
    for _ in range(9):
        wrapper.channel_layer.send("asgi.delay", {})
    found = [one for one in queues.check_queues(wrapper) if "room" in one.text]
    assert "On asgi.delay 9 messages wait, and there is room for 10" in texts(found)


@pytest.mark.parametrize(
    "name, said",
    [("lost_count", "died with workers"), ("expired_count", "in time"), ("channel_full_count", "found no room")],
)
def test_losses_are_told_while_they_grow(wrapper, monkeypatch, name, said):
    def lose():
        wrapper.shards[0].call(("HINCRBY", f"{wrapper.stats_prefix}websocket.receive", name, 2))

    lose()
    monkeypatch.setattr(queues.time, "sleep", lambda seconds: None)
    assert "(2 in the last day" in texts(queues.check_losses(wrapper), is_well=True)
    monkeypatch.setattr(queues.time, "sleep", lambda seconds: lose())
    text = texts(queues.check_losses(wrapper))
    assert "On websocket.receive 2 messages" in text and said in text


# Servers.


def test_a_redis_that_is_away_is_named(wrapper):
    assert "answers in" in texts(servers.check_redis(wrapper.channel_layer), is_well=True)
    away = RedisChannelLayer(hosts=["redis://127.0.0.1:1/0"])
    assert "127.0.0.1:1 does not answer" in texts(servers.check_redis(away))


def test_a_redis_that_will_not_do_is_told():
    fields = {"redis_version": "7.0.1", "maxmemory": "0", "used_memory": "9", "maxmemory_policy": "allkeys-lru"}
    assert servers._judge_redis("here", 0.001, fields)[0].is_well
    full = {**fields, "maxmemory": "100", "used_memory": "95"}
    text = texts(servers._judge_redis("here", 0.2, {**full, "redis_version": "6.2"}))
    for said in ("is 6.2: run version 7", "200 ms", "noeviction", "raise maxmemory"):
        assert said in text


@pytest.mark.django_db
def test_the_database_is_measured(monkeypatch):
    assert connection.vendor in texts(servers.check_database(), is_well=True)
    monkeypatch.setattr(servers, "SLOW_DATABASE_SECONDS", -1)
    assert "slow" in texts(servers.check_database())
    monkeypatch.setattr(connection, "ensure_connection", fail_with(OperationalError("no\nroute.")))
    assert "(no route): start it" in texts(servers.check_database())


@pytest.mark.django_db
def test_migrations_that_are_missing_are_named(monkeypatch):
    assert texts(servers.check_migrations(), is_well=True)
    plan = [(types.SimpleNamespace(app_label="chat", name=f"000{number}_new"), False) for number in range(5)]
    monkeypatch.setattr(servers.MigrationExecutor, "migration_plan", lambda self, targets: plan)
    text = texts(servers.check_migrations())
    assert "chat.0000_new, chat.0001_new, chat.0002_new and 2 more" in text and "manage.py migrate" in text


@pytest.mark.django_db
def test_clocks_that_disagree_are_named(wrapper, site, monkeypatch):
    site.answers.headers_ = {"Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())}
    text = texts(servers.check_clocks(wrapper.channel_layer, site), is_well=True)
    assert "Redis" in text and "site's machine" in text
    site.answers.headers_ = {"Date": "Mon, 01 Jan 2001 00:00:00 GMT"}
    monkeypatch.setattr(watching, "read_skew", lambda shard: 60)
    text = texts(servers.check_clocks(wrapper.channel_layer, site))
    assert "is 60 s ahead of" in text and "behind this machine's" in text and "NTP" in text


@pytest.mark.parametrize("headers", [{}, {"Date": "nonsense"}])
def test_a_site_without_a_clock_is_no_trouble(site, headers):
    site.answers.headers_ = headers
    assert web.read_skew(site) is None


# How it is arranged.


def test_a_monitor_is_looked_for_where_there_is_one(monkeypatch, valkey_url):
    monkeypatch.setattr(arrangement, "get_commands", lambda: {})
    assert arrangement.check_monitor() == []
    monkeypatch.setattr(arrangement, "get_commands", lambda: {"monitor": "chat"})
    for store in (MemoryStore(), RedisStore(valkey_url)):
        monkeypatch.setattr(arrangement, "store", store)
        assert "manage.py monitor" in texts(arrangement.check_monitor())
        store.acquire_lease("monitor", "me", 60, 1)
        assert texts(arrangement.check_monitor(), is_well=True) == "It is at work."


def test_settings_that_hurt_are_named(settings):
    settings.CHAT_LIMITS_ON = True
    assert texts(arrangement.check_settings(), is_well=True)
    settings.DEBUG, settings.PUBLIC_URL, settings.ALLOWED_HOSTS = True, "https://chat.example", ["*"]
    settings.CHAT_LIMITS_ON = False
    text = texts(arrangement.check_settings())
    assert "DEBUG" in text and "CHAT_LIMITS" in text and "ALLOWED_HOSTS" in text


def test_without_redis_only_a_runserver_is_well(settings):
    settings.DEBUG = True
    assert arrangement.describe_lack_of_redis()[0].is_well
    settings.DEBUG = False
    assert not arrangement.describe_lack_of_redis()[0].is_well


# All of it.


def test_checks_end_in_time_and_let_nothing_out():
    def fail(error):
        return lambda: fail_with(error)()

    checks = [
        ("slow", lambda: time.sleep(60)),
        ("redis", fail(redis.TimeoutError())),
        ("rows", fail(OperationalError())),
        ("bug", fail(ZeroDivisionError("by zero"))),
        ("fine", lambda: [findings.well("fine", "Yes.")]),
    ]
    found = {finding.part: finding for finding in findings.run_checks(checks, 0.5)}
    assert list(found) == ["slow", "redis", "rows", "bug", "fine"]
    assert "within 0.5 s" in found["slow"].text and "Redis" in found["redis"].text
    assert "database" in found["rows"].text and "by zero" in found["bug"].text and found["fine"].is_well


@pytest.mark.parametrize("is_well", [True, False])
def test_the_command_prints_a_line_for_each_and_ends_with_0_or_1(monkeypatch, capsys, is_well):
    found = [doctor.Finding("redis", True, "Fine."), doctor.Finding("workers", is_well, "None listens.")]
    monkeypatch.setattr("chatproj.management.commands.doctor.examine", lambda url: found)

    def run(*arguments):
        if is_well:
            call_command("doctor", *arguments)
            return
        with pytest.raises(SystemExit) as end:
            call_command("doctor", *arguments)
        assert end.value.code == 1

    run()
    mark = "ok" if is_well else "NOT WELL"
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["ok", mark.split()[0]]
    run("--json", "--url", "http://x")
    printed = json.loads(capsys.readouterr().out)
    assert (printed["well"], printed["url"], printed["parts"][1]["part"]) == (is_well, "http://x", "workers")

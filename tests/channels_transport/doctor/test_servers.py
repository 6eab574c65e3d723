"""The doctor's checks of Redis, the database and the clocks."""

import time
import types

import pytest
from django.db import OperationalError, connection

from channels_transport import watching
from channels_transport.doctor import servers
from channels_transport.layer import RedisChannelLayer
from tests.channels_transport.doctor.checking import checked_text
from tests.helpers import fail_with


def test_a_redis_that_does_not_answer_is_named(wrapper):
    assert "answers in" in checked_text(servers.check_redis(wrapper.channel_layer), is_well=True)
    absent = RedisChannelLayer(hosts=["redis://127.0.0.1:1/0"])
    assert "127.0.0.1:1 does not answer" in checked_text(servers.check_redis(absent))


def test_an_unsuitable_redis_is_reported():
    fields = {"redis_version": "7.0.1", "maxmemory": "0", "used_memory": "9", "maxmemory_policy": "allkeys-lru"}
    assert servers._evaluate_redis("here", 0.001, fields)[0].is_well
    full = {**fields, "maxmemory": "100", "used_memory": "95"}
    text = checked_text(servers._evaluate_redis("here", 0.2, {**full, "redis_version": "6.2"}))
    for problem in ("is 6.2: run version 7", "200 ms", "noeviction", "raise maxmemory"):
        assert problem in text


@pytest.mark.django_db
def test_a_slow_or_absent_database_is_reported(monkeypatch):
    assert connection.vendor in checked_text(servers.check_database(), is_well=True)
    monkeypatch.setattr(servers, "SLOW_DATABASE_SECONDS", -1)
    assert "slow" in checked_text(servers.check_database())
    monkeypatch.setattr(connection, "ensure_connection", fail_with(OperationalError("no\nroute.")))
    assert "(no route): start it" in checked_text(servers.check_database())


@pytest.mark.django_db
def test_missing_migrations_are_named(monkeypatch):
    assert checked_text(servers.check_migrations(), is_well=True)
    plan = [(types.SimpleNamespace(app_label="chat", name=f"000{number}_new"), False) for number in range(5)]
    monkeypatch.setattr(servers.MigrationExecutor, "migration_plan", lambda self, targets: plan)
    text = checked_text(servers.check_migrations())
    assert "chat.0000_new, chat.0001_new, chat.0002_new and 2 more" in text and "manage.py migrate" in text


@pytest.mark.django_db
def test_clocks_that_differ_are_named(wrapper, site, monkeypatch):
    site.answers.headers_ = {"Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())}
    text = checked_text(servers.check_clocks(wrapper.channel_layer, site), is_well=True)
    assert "Redis" in text and "site's machine" in text
    site.answers.headers_ = {"Date": "Mon, 01 Jan 2001 00:00:00 GMT"}
    monkeypatch.setattr(watching, "read_skew", lambda shard: 60)
    text = checked_text(servers.check_clocks(wrapper.channel_layer, site))
    assert "is 60 s ahead of" in text and "behind this machine's" in text and "NTP" in text

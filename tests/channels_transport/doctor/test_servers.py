"""The doctor's checks of the database and the clocks."""

import time
import types

import pytest
from django.db import OperationalError, connection

from channels_transport import watching
from channels_transport.doctor import servers
from tests.channels_transport.doctor.checking import checked_text
from tests.helpers import fail_with


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

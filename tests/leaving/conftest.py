"""Fixtures: both sites on one database and one Redis, with a bridge in each direction."""

import os
import sqlite3
import sys

import pytest

from benchmarks.leaving import sites
from tests.valkey import find_server

PASSWORD = "correct horse battery"
MAKE_ALICE_AND_BOB = f"""
from django.contrib.auth.models import User
User.objects.create_user("alice", password="{PASSWORD}")
User.objects.create_user("bob", password="{PASSWORD}")
"""


class Both:
    """Both sites, their database, and the login sessions of alice and bob."""

    def __init__(self, before, after, sessions):
        self.before, self.after = before, after
        self.alice, self.bob = sessions
        self._database = before.folder / "talk.sqlite3"

    def query(self, sql, *values):
        """Run a statement in a connection of its own, and return the rows."""
        with sqlite3.connect(self._database, timeout=20) as connection:
            rows = connection.execute(sql, values).fetchall()
        connection.close()
        return rows

    def forget_messages(self):
        """Delete the messages and notes, and let their ids begin at 1 again."""
        for table in ("talk_message", "talk_note"):
            self.query(f"DELETE FROM {table}")
            self.query("DELETE FROM sqlite_sequence WHERE name = ?", table)


@pytest.fixture(scope="session")
def after_python():
    """Return the Python with Channels 4, in which the new site runs."""
    if not sites.AFTER_PYTHON.exists():
        assert not os.environ.get("CHANNELS4_IS_INSTALLED"), f"{sites.AFTER_PYTHON} does not exist"
        pytest.skip(f"Channels 4 is not installed: {sites.HOW_TO_INSTALL}")
    return sites.AFTER_PYTHON


@pytest.fixture(scope="session")
def both(after_python, tmp_path_factory):
    """Yield both sites while they run."""
    folder = tmp_path_factory.mktemp("leaving")
    redis = sites.Redis(find_server(), folder)
    before = sites.Before(sys.executable, folder, redis.url, BRIDGE_URL=redis.url)
    after = sites.After(after_python, folder, redis.url, BRIDGE_URL=redis.url)
    sites.make_tables(before, after)
    sessions = sites.make_people(before, 2)
    before.manage("shell", code=MAKE_ALICE_AND_BOB)
    with sites.running(redis, before, after):
        before.bridge, after.bridge = before.add("bridge"), after.add("bridge")
        yield Both(before, after, sessions)

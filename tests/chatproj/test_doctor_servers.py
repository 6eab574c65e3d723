"""The doctor's checks of real servers of PostgreSQL: wrong settings, PgBouncer in statement mode, and replicas."""

import contextlib
from types import SimpleNamespace

import psycopg2
import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from django.db import connection

from channels_transport.interface import storage
from chatproj import database_settings
from chatproj.db.postgresql.base import DatabaseWrapper
from chatproj.doctor import postgresql, replica
from tests import postgres
from tests.channels_transport.doctor.checking import checked_text

pytestmark = [pytest.mark.no_database, pytest.mark.process]


class StatementBouncer(postgres.Bouncer):
    """A PgBouncer in statement mode, which the site cannot use."""

    def _write_configuration(self, server, pool_size):
        super()._write_configuration(server, pool_size)
        path = self.folder / "pgbouncer.ini"
        path.write_text(path.read_text().replace("pool_mode = transaction", "pool_mode = statement"))

    def ask(self):
        psycopg2.connect(self.server, connect_timeout=5).close()


@pytest.fixture(scope="module")
def servers():
    """Yield a primary server, a PgBouncer in statement mode in front of it, and its replica."""
    postgres.require("pgbouncer")
    with contextlib.ExitStack() as stack:
        primary = postgres.EmptyPostgres("fsync=off", "max_connections=20")
        stack.callback(primary.end)
        primary._execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
        primary._execute("CREATE ROLE hasty LOGIN CONNECTION LIMIT 3")
        primary._execute("ALTER ROLE hasty SET statement_timeout = '5s'")
        bouncer = StatementBouncer(primary, pool_size=1)
        stack.callback(bouncer.end)
        standby = postgres.Replica(primary, "fsync=off", "max_connections=20")
        stack.callback(standby.end)
        yield primary, bouncer, standby


@pytest.fixture
def use(monkeypatch, settings, django_db_blocker):
    """Yield a function that lets the checks use a database, and its replica if the second URL is given."""
    made = {}

    def use(url, replica_url=None):
        given = database_settings.make_databases(url, replica_url, "doctor", {})
        for alias, database in given.items():
            database |= {"TIME_ZONE": None, "AUTOCOMMIT": True, "ATOMIC_REQUESTS": False}
            made[alias] = DatabaseWrapper(database, alias)
        monkeypatch.setattr(postgresql, "connection", made["default"])
        monkeypatch.setattr(postgresql.transaction, "get_connection", lambda using=None: made["default"])
        monkeypatch.setattr(replica, "connections", made)
        monkeypatch.setattr(settings, "DATABASES", given)

    with django_db_blocker.unblock():
        yield use
        for database in made.values():
            database.close()


def test_only_fsync_is_named_if_nothing_else_is_wrong(use, servers):
    use(servers[0].url)
    assert checked_text(postgresql.check_postgresql()) == (
        "fsync is off, so a power cut can destroy the database: switch it on."
    )


def test_the_encoding_and_the_limits_of_the_role_are_named(use, servers):
    use(servers[0].url.replace("chat@", "hasty@").replace("/chat", "/latin"))
    text = checked_text(postgresql.check_postgresql())
    assert "has the encoding LATIN1" in text and "statement_timeout to 5 s" in text
    assert "The processes need 0 connections to PostgreSQL, and commands 10, but it allows 3:" in text


def test_a_pgbouncer_in_statement_mode_is_named(use, servers):
    use(servers[1].url)
    assert "set pool_mode = transaction" in checked_text(postgresql.check_postgresql())


def test_a_replica_in_the_place_of_the_primary_server_is_named(use, servers):
    use(servers[2].url)
    assert "DATABASE_URL leads to a replica" in checked_text(postgresql.check_postgresql())


def test_a_replica_is_well_until_it_is_behind_and_a_primary_server_is_no_replica(use, servers, settings):
    primary, _, standby = servers
    use(primary.url, standby.url)
    assert checked_text(replica.check_replica(), is_well=True) == "The replica follows the primary server."
    settings.DATABASE_REPLICA_LAG_SECONDS = 0.2
    primary.query("CREATE TABLE before ()")
    standby.is_level() or postgres.wait_until(standby.is_level, 10, "level")
    standby.pause()
    primary.query("CREATE TABLE after ()")
    assert "behind the primary server, and DATABASE_REPLICA_LAG_SECONDS is 0.2" in checked_text(replica.check_replica())
    standby.resume()
    use(primary.url, primary.url)
    assert "leads to a server that is no replica" in checked_text(replica.check_replica())
    use(primary.url, "postgres://chat@127.0.0.1:1/chat")
    text = checked_text(replica.check_replica())
    assert "The replica does not answer" in text and "the primary server answers all reads" in text


@pytest.mark.parametrize("place, needed", [("database:", 2 + 2 + 2 * 9), ("/srv/files", 2 + 2 + 2)])
def test_the_connections_of_each_kind_of_process_are_counted(settings, monkeypatch, place, needed):
    settings.CHAT_FILES = place
    kinds = ["worker", "delay server", "monitor", "interface", "interface"]
    layer = SimpleNamespace(is_shared=True)
    monkeypatch.setattr(channel_layers[DEFAULT_CHANNEL_LAYER], "channel_layer", layer)
    monkeypatch.setattr(postgresql, "read_process_reports", lambda layer: [{"kind": kind} for kind in kinds])
    assert postgresql._count_needed() == needed
    assert postgresql.FILE_CONNECTIONS == storage.THREADS


def test_a_site_without_a_replica_or_postgresql_gets_no_report(settings):
    assert replica.check_replica() == []
    if connection.vendor == "sqlite":
        assert postgresql.check_postgresql() == []

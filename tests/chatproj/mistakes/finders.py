"""Functions that fake mistakes in servers, processes, proxies and files, and return what the doctor's checks report."""

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from django.db import OperationalError
from redis.exceptions import ResponseError

from channels_transport.doctor import processes, queues, redis_permissions, redis_servers, servers
from chat.management import doctor
from chat.services.files import s3
from chat.store import MemoryStore
from chatproj.doctor import backups, postgresql, public, replica, static_files, tracing
from tests.chatproj.mistakes.bench import ROOT, texts
from tests.push_service import KEY


def about_redis(median=0.001, is_behind_sentinel=False, **fields):
    return lambda bench: texts(
        redis_servers._evaluate_redis("redis:6379", median, {"redis_version": "7.2.4", **fields}, is_behind_sentinel)
    )


SERVER = postgresql.ServerState("15.4", 150004, "UTF8", False, "on", "on", 0, 97, 9, -1)


def about_postgresql(needed=5, has_pooler=False, **changes):
    state = SERVER._replace(**changes)
    return lambda bench: [
        *postgresql._evaluate(state),
        *postgresql._evaluate_connections(state, needed, has_pooler),
    ]


def about_replica(*rows):
    def find(bench):
        answers = iter([(100,), *rows])
        bench.patch.setattr(replica, "_ask", lambda alias, query: next(answers))
        bench.patch.setattr(replica, "WAIT_SECONDS", 0)
        bench.settings.DATABASES = {"default": {}, "replica": {}}
        return texts(replica.check_replica())

    return find


def make_report(pid, kind="worker", **changes):
    facts = {"SECRET_KEY": "#1", "TRUSTED_PROXIES": "1", "the database": "db:5432/chat", "the version of the code": "a"}
    facts.update(changes.pop("facts", {}))
    report = {"kind": kind, "host": "web-1", "pid": pid, "open_files": 65536, "skew": 0.0, "facts": facts}
    return {**report, **changes}


def about_processes(**changes):
    """Return a function that compares two usual workers with a third process."""

    def find(bench):
        reports = [make_report(1), make_report(2), make_report(3, **{"host": "web-2", **changes})]
        bench.patch.setattr(processes, "read_process_reports", lambda layer: reports)
        return texts(processes.check_processes(None))

    return find


def about_requests(**counts):
    empty = {"requests": 100, "forwarded": 100, "short": 0, "private": 0, "without_scheme": 0}
    return about_processes(kind="interface", forwarding={**empty, **counts})


def with_old_backup(bench):
    bench.patch.setattr(backups.local, "read_backup_time", lambda: datetime.now(UTC) - timedelta(days=12))
    return texts(backups.check_backups())


def without_packages_of_a_bucket(bench):
    bench.settings.CHAT_FILES = "s3://example-chat"
    bench.patch.setattr(s3, "find_spec", lambda name: None)
    return texts(doctor.check_files())


def with_files(**changes):
    def find(bench):
        bench.settings.DEBUG, bench.settings.STATIC_ROOT = False, str(ROOT)
        bench.patch.setattr(static_files, "_find_folder", lambda: Path("/srv/chat/var"))
        bench.patch.setattr(static_files, "find_outdated_files", lambda: changes.get("outdated", []))
        bench.patch.setattr(static_files.os, "access", lambda folder, mode: changes.get("is_writable", True))
        usage = type("Usage", (), {"free": changes.get("free", 10**12)})
        bench.patch.setattr(static_files.shutil, "disk_usage", lambda folder: usage)
        for name in ("STATIC_ROOT", "PUBLIC_URL", "DATABASES"):
            if name in changes:
                setattr(bench.settings, name, changes[name])
        return texts(static_files.check_static_files())

    return find


def at_public_url(answer, socket_error=None):
    """
    Return a function that checks a public URL whose proxy gives this answer, or raises this exception.

    A websocket raises `socket_error`. Without it, the websocket opens.
    """

    def get(site, path):
        if isinstance(answer, Exception):
            raise answer
        return answer

    def open_echo(site, path):
        if socket_error:
            raise socket_error
        return contextlib.nullcontext()

    def find(bench):
        bench.settings.PUBLIC_URL = "https://chat.example.com"
        bench.patch.setattr(public.Site, "get", get)
        bench.patch.setattr(public, "open_echo", open_echo)
        return texts(public.check_public_url())

    return find


def without_a_command(bench):
    refusal = ResponseError("NOPERM this user has no permissions to run the 'lmove' command")
    shard = SimpleNamespace(
        address="redis:6379", ask=lambda *trip: [refusal if command[0] == "LMOVE" else None for command in trip]
    )
    return texts(redis_permissions.check_permissions(SimpleNamespace(prefix=""), shard))


def with_statement_mode(bench):
    def raise_closed():
        raise OperationalError("server closed the connection unexpectedly")

    fake = SimpleNamespace(vendor="postgresql", ensure_connection=lambda: None, _has_pooler=lambda: True)
    bench.patch.setattr(postgresql, "connection", fake)
    bench.patch.setattr(postgresql.transaction, "atomic", raise_closed)
    return texts(postgresql.check_postgresql())


def without_replica(bench):
    def raise_refused(alias, query):
        raise OperationalError("connection refused")

    bench.patch.setattr(replica, "_ask", raise_refused)
    bench.settings.DATABASES = {"default": {}, "replica": {}}
    return texts(replica.check_replica())


def without_monitor(bench):
    bench.settings.REDIS_URL = "redis://redis"
    bench.patch.setattr(doctor, "store", MemoryStore())
    return texts(doctor.check_monitor())


def without_workers(bench):
    bench.patch.setattr(queues.watching, "read_reports", lambda layer: [])
    wrapper = SimpleNamespace(channel_layer=None, router=SimpleNamespace(channels={"websocket.receive"}))
    return texts(queues.check_workers(wrapper))


def without_migration(bench):
    plan = [(SimpleNamespace(app_label="chat", name="0020_a"), False)]
    executor = SimpleNamespace(
        loader=SimpleNamespace(graph=SimpleNamespace(leaf_nodes=list)), migration_plan=lambda targets: plan
    )
    bench.patch.setattr(servers, "MigrationExecutor", lambda connection: executor)
    return texts(servers.check_migrations())


def without_provider(bench):
    bench.patch.setattr(doctor.openid, "is_enabled", lambda: True)
    bench.patch.setattr(doctor.openid, "find_provider_problem", lambda: "it does not answer")
    return texts(doctor.check_openid())


def without_contact_of_pushes(bench):
    bench.settings.CHAT_VAPID_KEY, bench.settings.CHAT_VAPID_CONTACT = KEY, None
    return texts(doctor.check_push())


def without_collector(bench):
    bench.settings.TRACING = True
    bench.patch.setattr(tracing, "find_spec", lambda name: name)
    bench.patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    return texts(tracing.check_tracing())

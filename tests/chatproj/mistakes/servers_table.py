"""The mistakes of operators with proxies, processes, servers and files."""

import socket
import ssl

from websockets.exceptions import InvalidHandshake

from channels_transport.doctor.site import Site, check_interface
from tests.chatproj.mistakes.bench import DEPLOY, DOCTOR, KEY, POSTGRES, START, Mistake, at_deploy, at_start, texts
from tests.chatproj.mistakes.finders import (
    about_postgresql,
    about_processes,
    about_redis,
    about_replica,
    about_requests,
    at_public_url,
    with_files,
    with_old_backup,
    with_statement_mode,
    without_a_command,
    without_migration,
    without_monitor,
    without_packages_of_a_bucket,
    without_replica,
    without_workers,
)

SQLITE = {"default": {"ENGINE": "chatproj.db.sqlite3"}}
MISTAKES = [
    # The proxies.
    Mistake(
        "TRUSTED_PROXIES is 0 behind a proxy",
        DOCTOR,
        about_requests(hops=0),
        "Most requests to the interface with pid 3 on web-2 have X-Forwarded-For, but TRUSTED_PROXIES is 0",
    ),
    Mistake(
        "TRUSTED_PROXIES is too high",
        DOCTOR,
        about_requests(hops=2, short=100),
        "Most requests to the interface with pid 3 on web-2 came through fewer proxies",
    ),
    Mistake(
        "TRUSTED_PROXIES is too low",
        DOCTOR,
        about_requests(hops=1, private=100),
        "Most requests to the interface with pid 3 on web-2 came through more proxies",
    ),
    Mistake(
        "the proxy sends no X-Forwarded-Proto",
        DOCTOR,
        about_requests(hops=1, without_scheme=100),
        "Most requests to the interface with pid 3 on web-2 have no X-Forwarded-Proto",
    ),
    Mistake(
        "the DNS does not know PUBLIC_URL",
        DOCTOR,
        at_public_url(socket.gaierror("unknown")),
        "The host of PUBLIC_URL (chat.example.com) has no address",
    ),
    Mistake(
        "the certificate is not valid",
        DOCTOR,
        at_public_url(ssl.SSLCertVerificationError("certificate has expired")),
        "The certificate of https://chat.example.com is not valid",
    ),
    Mistake(
        "the proxy does not run",
        DOCTOR,
        at_public_url(ConnectionRefusedError("refused")),
        "https://chat.example.com cannot be reached",
    ),
    Mistake(
        "the proxy changes the host, or the host is not allowed",
        DOCTOR,
        at_public_url((400, {}, b"")),
        "https://chat.example.com answers 400: add its host to ALLOWED_HOSTS",
    ),
    Mistake(
        "the proxy passes on only some paths",
        DOCTOR,
        at_public_url((404, {}, b"")),
        "https://chat.example.com/api/session/ answers 404",
    ),
    Mistake(
        "the proxy says http for https",
        DOCTOR,
        at_public_url((301, {"Location": "https://chat.example.com/api/session/"}, b"")),
        "https://chat.example.com redirects to itself",
    ),
    Mistake(
        "the proxy blocks websockets",
        DOCTOR,
        at_public_url((200, {}, b"{}"), InvalidHandshake("server rejected WebSocket connection: HTTP 400")),
        "A websocket to https://chat.example.com is refused",
    ),
    Mistake(
        "the proxy cuts quiet websockets",
        DOCTOR,
        about_requests(hops=1, cuts=50, cuts_together=40, cut_seconds=30),
        "Many websockets of the interface with pid 3 on web-2 were cut after 30 quiet seconds",
    ),
    # The processes.
    Mistake(
        "no interface runs",
        DOCTOR,
        lambda bench: texts(check_interface(Site("http://127.0.0.1:1"))),
        "http://127.0.0.1:1 cannot be reached",
    ),
    Mistake("no worker runs", DOCTOR, without_workers, "No worker receives from http.request, websocket.receive"),
    Mistake("no delay server runs", DOCTOR, without_workers, "No delay server receives from asgi.delay"),
    Mistake("no monitor runs", DOCTOR, without_monitor, "No monitor is working"),
    Mistake(
        "a process has another SECRET_KEY",
        DOCTOR,
        about_processes(facts={"SECRET_KEY": "#2"}),
        "The worker with pid 3 on web-2 has another value of SECRET_KEY than 2 other processes",
    ),
    Mistake(
        "a process has another setting",
        DOCTOR,
        about_processes(facts={"TRUSTED_PROXIES": "0"}),
        "The worker with pid 3 on web-2 has TRUSTED_PROXIES 0, and 2 other processes have 1",
    ),
    Mistake(
        "another site uses the same prefix in Redis",
        DOCTOR,
        about_processes(facts={"the database": "db:5432/other"}),
        "The worker with pid 3 on web-2 has the database db:5432/other, and 2 other processes have db:5432/chat",
    ),
    Mistake(
        "a process runs another version",
        DOCTOR,
        about_processes(facts={"the version of the code": "b"}),
        "The worker with pid 3 on web-2 has the version of the code b, and 2 other processes have a",
    ),
    Mistake(
        "an interface may open few files",
        DOCTOR,
        about_processes(kind="interface", open_files=1024),
        "The interface with pid 3 on web-2 may open 1024 files",
    ),
    Mistake(
        "the clock of a machine is wrong", DOCTOR, about_processes(skew=-40.0), "The clock of web-2 is 40 s behind"
    ),
    # Redis.
    Mistake("REDIS_URL is no URL", START, at_start(**KEY, REDIS_URL="http://redis"), "REDIS_URL must be like"),
    Mistake("REDIS_URL is missing", DEPLOY, at_deploy(REDIS_URL=""), "REDIS_URL is not set"),
    Mistake(
        "a key of REDIS_ENCRYPTION_KEYS is short",
        START,
        at_start(**KEY, REDIS_ENCRYPTION_KEYS="x"),
        "REDIS_ENCRYPTION_KEYS must be",
    ),
    Mistake("Redis is too old", DOCTOR, about_redis(redis_version="6.2.1"), "The Redis at redis:6379 is 6.2.1: run"),
    Mistake(
        "Redis is a cluster",
        DOCTOR,
        about_redis(redis_mode="cluster"),
        "The Redis at redis:6379 is part of a Redis Cluster",
    ),
    Mistake(
        "Redis evicts keys",
        DOCTOR,
        about_redis(maxmemory="1000", used_memory="1", maxmemory_policy="allkeys-lru"),
        "The Redis at redis:6379 evicts messages",
    ),
    Mistake(
        "Redis is nearly full",
        DOCTOR,
        about_redis(maxmemory="1000", used_memory="950", maxmemory_policy="noeviction"),
        "The Redis at redis:6379 uses 0 of 0 MiB: raise maxmemory",
    ),
    Mistake("Redis is far away", DOCTOR, about_redis(median=0.2), "The Redis at redis:6379 takes 200 ms for a ping"),
    Mistake("REDIS_URL leads to a replica", DOCTOR, about_redis(role="slave"), "The Redis at redis:6379 is a replica"),
    Mistake(
        "Sentinel has no replica",
        DOCTOR,
        about_redis(is_behind_sentinel=True),
        "The Redis at redis:6379 has no replica",
    ),
    Mistake(
        "Redis cannot save to its disk",
        DOCTOR,
        about_redis(rdb_last_bgsave_status="err"),
        "The Redis at redis:6379 cannot save its data",
    ),
    Mistake(
        "Redis has too few connections",
        DOCTOR,
        about_redis(connected_clients="95", maxclients="100"),
        "The Redis at redis:6379 has 95 of at most 100 connections: raise maxclients",
    ),
    Mistake(
        "the user of Redis lacks a command",
        DOCTOR,
        without_a_command,
        "The user of the Redis at redis:6379 may not run lmove",
    ),
    # The database.
    Mistake(
        "DATABASE_URL is no URL", START, at_start(**KEY, DATABASE_URL="db"), "DATABASE_URL must be like postgres://"
    ),
    Mistake(
        "DATABASE_REPLICA_URL is SQLite",
        START,
        at_start(**KEY, DATABASE_REPLICA_URL="sqlite:////a"),
        "DATABASE_REPLICA_URL must be like",
    ),
    Mistake(
        "DATABASE_STATEMENT_SECONDS is short",
        DEPLOY,
        at_deploy(**POSTGRES, DATABASE_STATEMENT_SECONDS="0.5"),
        "DATABASE_STATEMENT_SECONDS is 0.5, so searches",
    ),
    Mistake(
        "DATABASE_TASK_SECONDS is shorter than DATABASE_STATEMENT_SECONDS",
        DEPLOY,
        at_deploy(**POSTGRES, DATABASE_TASK_SECONDS="5"),
        "DATABASE_TASK_SECONDS (5) is less than",
    ),
    Mistake(
        "DATABASE_LOCK_SECONDS is longer than DATABASE_STATEMENT_SECONDS",
        DEPLOY,
        at_deploy(**POSTGRES, DATABASE_LOCK_SECONDS="20"),
        "DATABASE_LOCK_SECONDS (20) is not less than",
    ),
    Mistake(
        "PostgreSQL is too old",
        DOCTOR,
        about_postgresql(version="11.2", version_number=110002),
        "PostgreSQL is 11.2: run",
    ),
    Mistake(
        "the database is not in UTF-8",
        DOCTOR,
        about_postgresql(encoding="SQL_ASCII"),
        "The database has the encoding SQL_ASCII",
    ),
    Mistake(
        "DATABASE_URL leads to a replica", DOCTOR, about_postgresql(is_replica=True), "DATABASE_URL leads to a replica"
    ),
    Mistake("fsync is off", DOCTOR, about_postgresql(fsync="off"), "fsync is off, so a power cut"),
    Mistake(
        "synchronous_commit is off", DOCTOR, about_postgresql(synchronous_commit="off"), "synchronous_commit is off"
    ),
    Mistake(
        "the role has a statement_timeout",
        DOCTOR,
        about_postgresql(statement_timeout=5000),
        "The server or the role sets statement_timeout to 5 s",
    ),
    Mistake(
        "PostgreSQL has few free connections", DOCTOR, about_postgresql(connections_open=95), "95 of 97 connections"
    ),
    Mistake(
        "max_connections is too low",
        DOCTOR,
        about_postgresql(needed=90),
        "The processes need 90 connections to PostgreSQL",
    ),
    Mistake(
        "PgBouncer is in statement mode", DOCTOR, with_statement_mode, "The connection pooler allows no transactions"
    ),
    Mistake("a migration is missing", DOCTOR, without_migration, "Not applied: chat.0020_a"),
    Mistake("the replica is down", DOCTOR, without_replica, "The replica does not answer (connection refused)"),
    Mistake("the replica is behind", DOCTOR, about_replica((True, 1, 60.0)), "The replica is 60 s behind the primary"),
    Mistake(
        "the replica was promoted",
        DOCTOR,
        about_replica((False, 1, 0.0)),
        "DATABASE_REPLICA_URL leads to a server that is no replica",
    ),
    # Files and backups.
    Mistake(
        "there are no static files",
        DOCTOR,
        with_files(STATIC_ROOT="/nowhere", PUBLIC_URL="https://chat.example.com"),
        "There are no static files in /nowhere: run `manage.py collectstatic`",
    ),
    Mistake(
        "static files are of another release",
        DOCTOR,
        with_files(outdated=["chat/a.js", "chat/b.js"]),
        "Static files are missing or outdated (2), such as chat/a.js",
    ),
    Mistake(
        "CHAT_VAR cannot be written",
        DOCTOR,
        with_files(is_writable=False, DATABASES=SQLITE),
        "This user may not write into /srv/chat/var",
    ),
    Mistake("the disk is full", DOCTOR, with_files(free=12_000_000), "The disk of /srv/chat/var has only 12 MB left"),
    Mistake(
        "CHAT_FILES names a bucket without the packages for it",
        DOCTOR,
        without_packages_of_a_bucket,
        "CHAT_FILES names a bucket, and django-storages or boto3 is not installed",
    ),
    Mistake("no backup is made", DOCTOR, with_old_backup, "The last backup is 12.0 days old"),
]

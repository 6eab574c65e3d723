"""The settings of the database and its replica. docs/postgresql.md explains them."""

from chatproj import setting_values as values
from chatproj.setting_kinds import Setting, make_seconds, read_number

SETTINGS = [
    Setting(
        name="DATABASE_URL",
        effect="The database that stores rooms, people and messages.",
        kind="URL",
        parse=values.check_database_url,
        expected=values.DATABASE_EXPECTED,
        default=None,
        default_text="SQLite in `var/`",
        example="postgres://chat:secret@db/chat",
        wrong="postgres://chat:secret@db:port/chat",
        is_secret=True,
    ),
    make_seconds(
        "DATABASE_STATEMENT_SECONDS",
        "PostgreSQL cancels a longer statement of a request or a frame; 0 sets no limit.",
        default=15,
        example="30",
    ),
    make_seconds(
        "DATABASE_TASK_SECONDS",
        "The same limit for the statements of tasks and of the monitor.",
        default=300,
        example="600",
    ),
    make_seconds(
        "DATABASE_LOCK_SECONDS",
        "PostgreSQL cancels a statement that waits longer than this for a lock.",
        default=10,
        example="5",
    ),
    make_seconds(
        "DATABASE_IDLE_SECONDS",
        "PostgreSQL ends a connection that pauses longer than this in a transaction.",
        default=60,
        example="120",
    ),
    Setting(
        name="DATABASE_REPLICA_URL",
        effect="A replica of the PostgreSQL server, for older pages of history, searches and exports.",
        kind="URL",
        parse=values.check_replica_url,
        expected=values.REPLICA_EXPECTED,
        default=None,
        default_text="none: all reads use the primary server",
        example="postgres://chat:secret@replica/chat",
        wrong="sqlite:////srv/chat.sqlite3",
        is_secret=True,
    ),
    Setting(
        name="DATABASE_REPLICA_LAG_SECONDS",
        effect="A replica that is further behind than this gets no reads.",
        kind="number",
        parse=read_number(1, 3600),
        expected="a number of seconds from 1 to 3600",
        default=10.0,
        default_text="10",
        example="30",
        wrong="10s",
    ),
]

"""
Store the history of a room directly in the database of a running stack, without a post for each message.

All stacks of the benchmark use SQLite, so this is SQL of SQLite.
"""

NUMBERS = """
    WITH RECURSIVE numbers(number) AS (SELECT :first UNION ALL SELECT number + 1 FROM numbers WHERE number < :last)
"""
PLAIN = NUMBERS + "INSERT INTO {table} (room, text) SELECT :room, :text FROM numbers"
# The members of the room are the authors, one after another. Each post of a client also stores its ref.
CHAT = [
    NUMBERS
    + """
    , authors AS (
        SELECT person_id, row_number() OVER (ORDER BY id) - 1 AS place FROM chat_member WHERE room_id = :room_id
    )
    INSERT INTO chat_message (room_id, number, "offset", author_id, ref, body, created_at)
    SELECT :room_id, number, number, person_id, printf('r%021d', number), :text, datetime('now')
    FROM numbers JOIN authors ON place = number % :members ORDER BY number
    """,
    """
    INSERT INTO chat_change (person_id, ref, room_id, digest, number, "offset", created_at)
    SELECT author_id, ref, room_id, printf('%064x', number), number, number, created_at
    FROM chat_message WHERE room_id = :room_id AND number BETWEEN :first AND :last
    """,
    """
    UPDATE chat_room SET "offset" = :last, posts = :last, last_at = datetime('now') WHERE id = :room_id
    """,
]
TEXT = "A message of the history, as long as a message of the load. ".ljust(64, ".")


def fill(database, dialect: str, table: str, room: str, missing: int) -> None:
    """
    Store `missing` messages in a room, in one transaction, and empty the write-ahead log.

    `database` is a connection of sqlite3 that commits by itself, and `table` the stack's table of messages.
    """
    if missing <= 0:
        return
    values = {"room": room, "text": TEXT, "first": 1, "last": missing}
    database.execute("BEGIN IMMEDIATE")
    if dialect == "chat":
        room_id, offset = database.execute('SELECT id, "offset" FROM chat_room WHERE slug = ?', [room]).fetchone()
        (members,) = database.execute("SELECT count(*) FROM chat_member WHERE room_id = ?", [room_id]).fetchone()
        values.update(room_id=room_id, members=members, first=offset + 1, last=offset + missing)
        for statement in CHAT:
            database.execute(statement, values)
    else:
        database.execute(PLAIN.format(table=table), values)
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

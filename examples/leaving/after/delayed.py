"""Store delayed messages in the table of `channels.delay`, an app that Channels 4 lacks. Both sites use its rows."""

import json
from datetime import timedelta

from django.db import connection
from django.utils import timezone

TABLE = '"channels.delay_delayedmessage"'


def delay(channel, content, milliseconds):
    """Store a message that `rundelay` sends to a channel later."""
    due = timezone.now() + timedelta(milliseconds=milliseconds)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} (due_date, channel_name, content) VALUES (%s, %s, %s)",
            [connection.ops.adapt_datetimefield_value(due), channel, json.dumps(content)],
        )


def due_messages():
    """Return [(id, channel, content)] of the messages that are due."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, channel_name, content FROM {TABLE} WHERE due_date <= %s ORDER BY due_date", [now])
        return [(id, channel, json.loads(content)) for id, channel, content in cursor.fetchall()]


def forget(id):
    """Delete a message that was sent."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE id = %s", [id])

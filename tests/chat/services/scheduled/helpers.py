"""Helpers for the tests of scheduled messages."""

from datetime import timedelta

from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Message
from tests import wire


def get_time(seconds=3600):
    """Return the time that is `seconds` from now, in the format of the protocol."""
    return protocol.format_time(timezone.now() + timedelta(seconds=seconds))


def read_bodies():
    """Return the texts of all posted messages, in order."""
    return list(Message.objects.order_by("number").values_list("body", flat=True))


def run_job(row):
    """Run the job of a scheduled message, and return its row as stored afterwards."""
    broadcast.start_job(broadcast.SCHEDULED_CHANNEL, {"scheduled": row.id})
    wire.work()
    row.refresh_from_db()
    return row

"""
The files of messages. The bytes are in a store: see chat/services/files.
"""

from django.db import models
from django.utils import timezone

from .people import Person
from .rooms import Room
from .scheduled import ScheduledMessage


class UploadQuerySet(models.QuerySet):
    def unused(self) -> models.QuerySet:
        """Select the files that belong to no message, and to no scheduled message."""
        return self.filter(number=None, scheduled=None)

    def of_messages(self, room_id: int, numbers: list[int]) -> models.QuerySet:
        """Select the files of messages of a room, in the order in which each message shows them."""
        return self.filter(room_id=room_id, number__in=numbers).order_by("number", "position")


class Upload(models.Model):
    """
    A file that a person has uploaded into a room.

    `key` is the id on the wire. `number` is the number of the message with the file; it is null until the person has
    posted the message. It is negative if the file was removed from the message during a hold, which keeps it.

    `stored` and `thumbnail` are names in the store. A picture is WAITING until a job has removed its metadata and made
    its thumbnail. Nobody gets its bytes before that. A FAILED picture could not be decoded: it is an ordinary file.
    """

    READY, WAITING, FAILED = "ready", "waiting", "failed"
    STATES = [(state, state) for state in (READY, WAITING, FAILED)]

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=32, unique=True, editable=False)
    # The constraint and the index begin with the room.
    room = models.ForeignKey(Room, related_name="uploads", db_index=False, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, related_name="uploads", on_delete=models.CASCADE)
    number = models.BigIntegerField(null=True, editable=False)
    position = models.SmallIntegerField(default=0, editable=False)
    # The file waits with this message until the message is due.
    scheduled = models.ForeignKey(ScheduledMessage, related_name="uploads", null=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    # The pixels of a picture.
    width = models.IntegerField(null=True)
    height = models.IntegerField(null=True)
    stored = models.CharField(max_length=100, unique=True, editable=False)
    thumbnail = models.CharField(max_length=100, null=True, editable=False)
    thumbnail_size = models.IntegerField(null=True, editable=False)
    state = models.CharField(max_length=10, choices=STATES, default=READY)
    # When a worker took the job; null if no worker has it. `tries` counts the workers that took it: after MAX_TRIES of
    # chat/services/uploads/processing.py, the sweep makes the picture an ordinary file.
    claimed_at = models.DateTimeField(null=True, editable=False)
    tries = models.SmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = UploadQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(name="uploads_of_messages", fields=["room", "number", "position"]),
            models.Index(
                name="uploads_without_message", fields=["person", "created_at"], condition=models.Q(number__isnull=True)
            ),
            models.Index(name="uploads_waiting", fields=["created_at"], condition=models.Q(state="waiting")),
            models.Index(name="uploads_thumbnails", fields=["thumbnail"], condition=models.Q(thumbnail__isnull=False)),
        ]

    def __str__(self):
        return self.name

    @property
    def is_picture(self) -> bool:
        """Return whether pages show the file as a picture."""
        return self.width is not None and self.state != self.FAILED

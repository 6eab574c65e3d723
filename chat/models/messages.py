"""
What was said in rooms, and the refs under which it was said.
"""

from django.db import models
from django.utils import timezone

from .people import Person
from .rooms import Room


class MessageQuerySet(models.QuerySet):
    def complete(self):
        """Everything that the wire tells of a message, in two queries however many there are."""
        reactions = Reaction.objects.select_related("person").order_by("id")
        return self.select_related("author").prefetch_related(
            models.Prefetch("reactions", queryset=reactions, to_attr="all_reactions")
        )

    def changed_after(self, offset):
        return self.filter(offset__gt=offset).order_by("offset")

    def before(self, number):
        """The messages older than `number` (None: all), the newest first."""
        older = self if number is None else self.filter(number__lt=number)
        return older.order_by("-number")


class Message(models.Model):
    """
    Something said in a room, in its present state.

    `number` is the room's offset that created it (the wire calls it `id`), `offset` that of its latest change.
    A removed message keeps its row and loses its body.
    """

    id = models.BigAutoField(primary_key=True)
    # No index of its own: the constraints below begin with it. Each one is a page more that every post writes.
    room = models.ForeignKey(Room, related_name="messages", db_index=False, on_delete=models.CASCADE)
    number = models.BigIntegerField(editable=False)
    offset = models.BigIntegerField(editable=False)
    author = models.ForeignKey(Person, related_name="messages", on_delete=models.PROTECT)
    ref = models.CharField(max_length=64, editable=False)
    body = models.TextField(blank=True)
    reply_to = models.BigIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "number"], name="one_message_per_number"),
            # Also the index behind every backlog.
            models.UniqueConstraint(fields=["room", "offset"], name="one_change_per_offset"),
        ]

    def __str__(self):
        return f"{self.room_id}/{self.number}"

    @property
    def is_removed(self):
        return self.removed_at is not None


class Reaction(models.Model):
    """One emoji of one person on one message."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, related_name="reactions", db_index=False, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    emoji = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "person", "emoji"], name="one_of_each_emoji_per_person")
        ]


class Change(models.Model):
    """
    A ref that is used up: the change that it stands for, and the answer it got.

    `digest` is the fingerprint of what was asked, so that the same change sent again gets the same answer and
    another one under the same ref is a conflict, even when the message was edited since.
    """

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, db_index=False, on_delete=models.CASCADE)
    ref = models.CharField(max_length=64)
    room = models.ForeignKey(Room, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64)
    number = models.BigIntegerField()
    offset = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "ref"], name="one_change_per_ref")]

"""
Messages, and what belongs to them: reactions, earlier bodies, bookmarks, mentions, and the refs of changes.
"""

from datetime import datetime
from enum import IntFlag

from django.db import models
from django.utils import timezone

from .people import Person
from .relations import make_quick
from .rooms import Room

MAX_SWAPPED = 20  # the most messages whose times are expected to be swapped


class AdditionBit(IntFlag):
    """The modules that store something for a message, in `Message.additions`. A bit never changes its meaning."""

    FILES = 1
    THREAD = 2
    PREVIEWS = 4
    POLL = 8
    SENDER = 16  # the name under which a hook posted


class MessageQuerySet(models.QuerySet):
    def complete(self) -> models.QuerySet:
        """Select everything that a `message` event contains, in two queries for any number of messages."""
        reactions = Reaction.objects.select_related("person").order_by("id")
        return self.select_related("author").prefetch_related(
            models.Prefetch("reactions", queryset=reactions, to_attr="all_reactions")
        )

    def before(self, number: int | None) -> models.QuerySet:
        """Select the messages older than `number` (None: all), the newest first."""
        older = self if number is None else self.filter(number__lt=number)
        return older.order_by("-number")

    def pinned_in(self, room: Room) -> models.QuerySet:
        """Select the pinned messages of a room."""
        return self.filter(room=room, pinned_at__isnull=False)

    def find_number_at(self, moment: datetime) -> int | None:
        """
        Return the number of the first message at or after a time, or None.

        The QuerySet must select the messages of one room.

        Messages have nearly the order of their times. So a binary search over the numbers finds the message: it runs
        about 20 short statements, and needs no index by time. Messages that were posted at the same moment may have
        swapped their times, so the search also reads the MAX_SWAPPED messages before its result.
        """
        low, high = 0, self.aggregate(newest=models.Max("number"))["newest"] or 0
        while low < high:
            middle = (low + high) // 2
            found = self.filter(number__gt=middle).order_by("number").values_list("number", "created_at").first()
            if found is not None and found[1] < moment:
                low = found[0]
            else:
                high = middle
        before = self.filter(number__lte=low).order_by("-number").values_list("number", "created_at")[:MAX_SWAPPED]
        swapped = [number for number, created_at in before if created_at >= moment]
        first = self.filter(number__gt=low).order_by("number").values_list("number", flat=True).first()
        return min(swapped, default=first)

    def numbers_around(self, number: int, limit: int) -> tuple[list[int], list[int]]:
        """
        Return (numbers up to `number`, numbers after `number`), each with the nearest first.

        The first list has at most `limit` + 1 numbers, the second list at most `limit`. Both statements read only the
        index of the constraint `one_message_per_number`, if the QuerySet selects the messages of one room.
        """
        older = self.filter(number__lte=number).order_by("-number").values_list("number", flat=True)
        newer = self.filter(number__gt=number).order_by("number").values_list("number", flat=True)
        return list(older[: limit + 1]), list(newer[:limit])


class Message(models.Model):
    """
    A message in a room, in its present state.

    `number` is the offset of the change that created the message: the wire calls it `id`. `offset` is the offset of the
    latest change.

    A removed message keeps its row and loses its body.
    """

    ALL, HERE = "all", "here"
    AUDIENCES = [(audience, audience) for audience in (ALL, HERE)]

    id = models.BigAutoField(primary_key=True)
    # The room has no index of its own: the indexes of the constraints below begin with the room, and each further index
    # is one more page that a post writes.
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
    pinned_at = models.DateTimeField(null=True, editable=False)
    # The number of Mention rows. Null means that the message is older than the table of Mentions: then the body says
    # whom the message mentions.
    mentioned = models.IntegerField(null=True, editable=False)
    # `all` or `here` if the message calls all members, or the people who were present; else null.
    audience = models.CharField(max_length=4, choices=AUDIENCES, null=True, editable=False)
    # The sum of the AdditionBits of the modules that store something for this message. Null means 0.
    additions = models.SmallIntegerField(null=True, editable=False)
    # The number of the first message of the thread in which this message is a reply; null for all other messages.
    thread_root = models.BigIntegerField(null=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "number"], name="one_message_per_number"),
            # The index of this constraint also serves the queries for backlogs.
            models.UniqueConstraint(fields=["room", "offset"], name="one_change_per_offset"),
        ]
        # These indexes contain only the few messages that are pinned, that call everybody, or that are in a thread.
        indexes = [
            models.Index(
                name="pinned_messages", fields=["room", "pinned_at"], condition=models.Q(pinned_at__isnull=False)
            ),
            models.Index(
                name="calls_to_everybody", fields=["room", "number"], condition=models.Q(audience__isnull=False)
            ),
            models.Index(
                name="replies_in_threads",
                fields=["room", "thread_root", "number"],
                condition=models.Q(thread_root__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.room_id}/{self.number}"

    @property
    def is_removed(self) -> bool:
        """Return whether the message was removed, and has no body."""
        return self.removed_at is not None

    @property
    def is_pinned(self) -> bool:
        """Return whether a moderator has pinned the message."""
        return self.pinned_at is not None

    def group_reactions(self) -> dict[str, list[str]]:
        """Return {emoji: handles of the people who put it on the message}. The message was read with `complete`."""
        if not self.all_reactions:
            return {}
        handles: dict[str, list[str]] = {}
        for reaction in self.all_reactions:
            handles.setdefault(reaction.emoji, []).append(reaction.person.handle)
        return handles

    def list_reacting_guests(self) -> list[str]:
        """Return the handles of the guests who reacted to the message. The message was read with `complete`."""
        if not self.all_reactions:
            return []
        people = [reaction.person for reaction in self.all_reactions]
        return list(dict.fromkeys(person.handle for person in people if person.is_guest))


make_quick(Message, "author", "room")


class Reaction(models.Model):
    """One emoji that one person put on one message."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, related_name="reactions", db_index=False, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    emoji = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "person", "emoji"], name="one_of_each_emoji_per_person")
        ]


class EarlierBody(models.Model):
    """A body that a message had until a person edited the message, or removed it during a hold."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, related_name="+", on_delete=models.CASCADE)
    body = models.TextField()
    replaced_by = models.ForeignKey(Person, related_name="+", on_delete=models.PROTECT)
    replaced_at = models.DateTimeField()

    def __str__(self):
        return f"an earlier body of {self.message}"


class Bookmark(models.Model):
    """A message that a person keeps for themselves."""

    id = models.BigAutoField(primary_key=True)
    # The index of the constraint begins with the person.
    person = models.ForeignKey(Person, related_name="+", db_index=False, on_delete=models.CASCADE)
    message = models.ForeignKey(Message, related_name="+", on_delete=models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "message"], name="one_bookmark_per_message")]

    def __str__(self):
        return f"{self.message} of {self.person}"


class Mention(models.Model):
    """
    A reference from a message to a person whom the message's body mentions or calls.

    The rows of the people whom the body names come first, in the order of the body.

    A `silent` mention is shown in the message, but does not notify the person: the person wrote or edited the message,
    has blocked its author, or could not enter the room.
    """

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, db_index=False, on_delete=models.CASCADE)
    number = models.BigIntegerField()
    person = models.ForeignKey(Person, related_name="mentions", db_index=False, on_delete=models.CASCADE)
    # False if the body does not name the person, but calls everybody who is present.
    is_named = models.BooleanField(default=True)
    silent = models.BooleanField(default=False)

    class Meta:
        # The index of the constraint also counts a person's mentions after the read marker of a room.
        constraints = [models.UniqueConstraint(fields=["person", "room", "number"], name="one_mention_per_message")]
        indexes = [
            models.Index(fields=["room", "number"], name="mentions_of_a_message"),
            models.Index(fields=["person", "id"], name="mentions_of_a_person"),
        ]

    def __str__(self):
        return f"{self.person} in {self.room_id}/{self.number}"


class Change(models.Model):
    """
    A ref that a request used, and the answer to that request.

    `digest` is the fingerprint of the request. If a client sends the same request again, it gets the same answer.
    A different request with the same ref is a conflict, even if the message was edited since.
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

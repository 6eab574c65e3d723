"""
Hooks: addresses at which other programs post into a room, and addresses to which a room's messages are sent.
"""

from django.db import models
from django.utils import timezone

from .people import Person
from .rooms import Room


class Hook(models.Model):
    """
    A connection of a room to another program.

    - An incoming hook has a key. A program that knows the key can post into the room. Only the digest of the key is
      stored.
    - An outgoing hook has a URL, to which the site sends the messages that trigger it. `secret` signs these requests,
      and is encrypted.

    `person` is a bot, the author of the hook's messages. Nobody can sign in as this person.
    """

    INCOMING, OUTGOING = "incoming", "outgoing"
    KINDS = [(kind, kind) for kind in (INCOMING, OUTGOING)]
    EVERY, WORDS, COMMAND = "every", "words", "command"
    TRIGGERS = [(trigger, trigger) for trigger in (EVERY, WORDS, COMMAND)]

    room = models.ForeignKey(Room, related_name="hooks", on_delete=models.CASCADE)
    person = models.OneToOneField(Person, related_name="hook", on_delete=models.CASCADE)
    kind = models.CharField(max_length=10, choices=KINDS)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(Person, null=True, related_name="+", on_delete=models.SET_NULL)
    used_at = models.DateTimeField(null=True)
    # A disabled hook neither posts nor sends. Null: the hook is enabled.
    disabled_at = models.DateTimeField(null=True)
    # Incoming hooks only.
    digest = models.CharField(max_length=64, unique=True, null=True)
    # Outgoing hooks only. `words` has one trigger word in each line, or the name of the command.
    url = models.CharField(max_length=2000, blank=True)
    secret = models.CharField(max_length=200, blank=True)
    trigger = models.CharField(max_length=10, choices=TRIGGERS, blank=True)
    words = models.TextField(blank=True)
    # The first failure since the last success; null if the last delivery succeeded.
    failing_since = models.DateTimeField(null=True)
    # No delivery is sent before this time. A worker that claims the hook moves this time into the future, so that no
    # other worker sends at the same time.
    due_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"{self.person} in {self.room}"

    @property
    def is_enabled(self) -> bool:
        """Return whether the hook posts or sends."""
        return self.disabled_at is None


class HookDeliveryQuerySet(models.QuerySet):
    def waiting(self) -> models.QuerySet:
        """Select the deliveries that are still to be sent."""
        return self.filter(state=HookDelivery.WAITING)


class HookDelivery(models.Model):
    """
    A message or command that an outgoing hook sends, and the result of the last try.

    The row has the number of the message and not its body, so that a removed message leaves no copy here. A delivery
    without a number is a command with `text` and `person`, or a test.
    """

    WAITING, SENT, FAILED = "waiting", "sent", "failed"
    STATES = [(state, state) for state in (WAITING, SENT, FAILED)]

    id = models.BigAutoField(primary_key=True)
    hook = models.ForeignKey(Hook, related_name="deliveries", db_index=False, on_delete=models.CASCADE)
    number = models.BigIntegerField(null=True)
    # The first message of the thread in which the message or the command was written. The answer goes there too.
    thread_root = models.BigIntegerField(null=True)
    word = models.CharField(max_length=100, blank=True)
    text = models.TextField(blank=True)
    # The person who gave a command.
    person = models.ForeignKey(Person, null=True, related_name="+", on_delete=models.CASCADE)
    state = models.CharField(max_length=10, choices=STATES, default=WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True)
    # The status of the response, and the time that it took; null if there was no response.
    status = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)

    objects = HookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "hook deliveries"
        indexes = [
            models.Index(fields=["hook", "id"], name="deliveries_of_a_hook"),
            models.Index(fields=["hook", "id"], name="deliveries_waiting", condition=models.Q(state="waiting")),
        ]

    def __str__(self):
        return f"{self.id} of {self.hook_id}"


class MessageSender(models.Model):
    """The name and the emoji under which a hook posted one message, if they differ from the hook's own."""

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, related_name="+", db_index=False, on_delete=models.CASCADE)
    number = models.BigIntegerField()
    name = models.CharField(max_length=80, blank=True)
    icon = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "number"], name="one_sender_per_message")]

    def __str__(self):
        return f"{self.name} in {self.room_id}/{self.number}"

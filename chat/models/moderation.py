"""
Reports of messages to moderators, and the audit log of what moderators did.
"""

from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from .messages import Message
from .people import Person
from .rooms import Room


class Report(models.Model):
    """A person's report of a message, with the body that the message had then, and the decision of a moderator."""

    DISMISSED, REMOVED = "dismissed", "removed"
    OUTCOMES = [
        (DISMISSED, pgettext_lazy("outcome of a report", "dismissed")),
        (REMOVED, pgettext_lazy("outcome of a report", "removed")),
    ]

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, on_delete=models.CASCADE)
    message = models.ForeignKey(Message, related_name="reports", db_index=False, on_delete=models.CASCADE)
    reporter = models.ForeignKey(Person, related_name="+", on_delete=models.PROTECT)
    reason = models.CharField(max_length=500)
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    # The next three fields are empty while the report is open.
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Person, null=True, related_name="+", on_delete=models.PROTECT)
    outcome = models.CharField(max_length=10, choices=OUTCOMES, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "reporter"], name="one_report_per_person_and_message")
        ]

    def __str__(self):
        return f"{self.message} by {self.reporter}"

    @property
    def is_open(self) -> bool:
        """Return whether no moderator has decided about the report."""
        return self.closed_at is None


class AuditEntry(models.Model):
    """
    One act of moderation in a room. The entry is written in the transaction of the act, and never changed.

    `actor` is None if an operator used a management command: then no person is signed in. `seconds` is the length of a
    mute. `before` and `after` depend on `act`:

    - ROLE: the roles before and after the act; empty if the person was not a member then;
    - REPORT: "open" and the outcome;
    - HOOK, UNHOOK: `after` is the kind of the hook, and `person` is its bot;
    - other acts: empty.
    """

    ROLE, EDIT, REMOVE, REPORT, PIN, UNPIN = "role", "edit", "remove", "report", "pin", "unpin"
    HOOK, UNHOOK = "hook", "unhook"
    ACTS = [
        (ROLE, pgettext_lazy("act of moderation", "role")),
        (EDIT, pgettext_lazy("act of moderation", "edit")),
        (REMOVE, pgettext_lazy("act of moderation", "remove")),
        (REPORT, pgettext_lazy("act of moderation", "report")),
        (PIN, pgettext_lazy("act of moderation", "pin")),
        (UNPIN, pgettext_lazy("act of moderation", "unpin")),
        (HOOK, pgettext_lazy("act of moderation", "webhook")),
        (UNHOOK, pgettext_lazy("act of moderation", "deleted webhook")),
    ]

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, on_delete=models.CASCADE)
    actor = models.ForeignKey(Person, null=True, related_name="+", on_delete=models.PROTECT)
    act = models.CharField(max_length=10, choices=ACTS)
    person = models.ForeignKey(Person, related_name="+", on_delete=models.PROTECT)
    # This is the number of a message, not a foreign key, so that the entry stays when the message is deleted.
    message = models.BigIntegerField(null=True)
    before = models.CharField(max_length=10, blank=True)
    after = models.CharField(max_length=10, blank=True)
    seconds = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "audit log"

    def __str__(self):
        return f"{self.act} in {self.room}"

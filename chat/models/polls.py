"""
Polls: a question in a message, its options, and the votes of people.
"""

from django.db import models
from django.utils import timezone

from .people import Person
from .rooms import Room


class Poll(models.Model):
    """
    The question of one message of a room.

    In an anonymous poll, nobody sees who chose an option. The rows still name the people, so that each person has one
    vote.
    """

    id = models.BigAutoField(primary_key=True)
    # The index of the constraint begins with the room.
    room = models.ForeignKey(Room, related_name="+", db_index=False, on_delete=models.CASCADE)
    number = models.BigIntegerField()
    question = models.CharField(max_length=300)
    is_multiple = models.BooleanField()
    is_anonymous = models.BooleanField()
    # Nobody votes after `closes_at`, or after a person closed the poll at `closed_at`.
    closes_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "number"], name="one_poll_per_message")]

    def __str__(self):
        return f"the poll of {self.room_id}/{self.number}"

    @property
    def is_closed(self) -> bool:
        """Return whether nobody can vote any longer."""
        return self.closed_at is not None or (self.closes_at is not None and self.closes_at <= timezone.now())


class PollOption(models.Model):
    """An answer that people can choose. The client names it by its position, from 0."""

    id = models.BigAutoField(primary_key=True)
    poll = models.ForeignKey(Poll, related_name="options", db_index=False, on_delete=models.CASCADE)
    position = models.SmallIntegerField()
    text = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["poll", "position"], name="one_option_per_position")]

    def __str__(self):
        return self.text


class PollVote(models.Model):
    """The choice of one option by one person."""

    id = models.BigAutoField(primary_key=True)
    option = models.ForeignKey(PollOption, related_name="votes", db_index=False, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, related_name="+", on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["option", "person"], name="one_vote_per_option")]

    def __str__(self):
        return f"{self.person} for {self.option}"

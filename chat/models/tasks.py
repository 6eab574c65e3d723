"""
Tasks that run in the background, and the parts of the results that earlier versions wrote.
"""

from django.db import models
from django.utils import timezone

from .people import Person
from .rooms import Room


class Task(models.Model):
    """
    Work in the background that a person asked for in a room.

    - `locked_until`: a worker claims the task with a lock that expires at this time.
    - `attempt`: the number of the claim. A worker with an older number may not write.
    - `tries`: the number of claims, without those whose worker put the task back.
    - `upto`: the room's offset at the time of the request. Later changes are not part of the result.
    """

    QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"
    STATES = [(state, state) for state in (QUEUED, RUNNING, DONE, FAILED)]
    UNFINISHED = (QUEUED, RUNNING)

    id = models.BigAutoField(primary_key=True)
    # The person has no index of its own, because the index below begins with the person.
    person = models.ForeignKey(Person, related_name="tasks", db_index=False, on_delete=models.CASCADE)
    room = models.ForeignKey(Room, related_name="tasks", on_delete=models.CASCADE)
    kind = models.CharField(max_length=40)
    ref = models.CharField(max_length=64)
    params = models.TextField()  # a JSON object
    upto = models.BigIntegerField()

    state = models.CharField(max_length=10, choices=STATES, default=QUEUED)
    progress = models.PositiveSmallIntegerField(default=0)  # percent
    error = models.CharField(max_length=500, blank=True)

    attempt = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    locked_by = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(default=timezone.now)  # when the task's job was last put on the channel

    result_name = models.CharField(max_length=120, blank=True)
    result_type = models.CharField(max_length=80, blank=True)
    result_size = models.BigIntegerField(default=0)  # bytes
    # The name of the file with the result (see chat/services/files). Earlier versions write TaskParts instead.
    result_file = models.CharField(max_length=100, null=True, editable=False)

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["person", "room"], name="tasks_of_a_person"),
            models.Index(fields=["result_file"], name="tasks_of_files"),
        ]

    def __str__(self):
        return f"{self.kind} {self.id} ({self.state})"


class TaskPart(models.Model):
    """
    One part of a result that an earlier version wrote in one attempt. This version only reads and deletes these parts.

    Parts are numbered from 0, and joined without a separator.
    """

    id = models.BigAutoField(primary_key=True)
    task = models.ForeignKey(Task, related_name="parts", db_index=False, on_delete=models.CASCADE)
    attempt = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "attempt", "number"], name="one_part_per_number")]

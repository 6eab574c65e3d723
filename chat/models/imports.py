"""
The items of other systems that an import has stored here, each with its row here.

So a second import of the same export stores nothing, and a new import continues an import that was killed.
"""

from django.db import models

from .rooms import Room


class ImportedItem(models.Model):
    """
    One item of another system (a person, a room or a message), and its row here.

    - `source`: the other system, such as `slack:T024BE7LD`. `key` is unique within a source and a kind.
    - `target`: the id of a Person or a Room; for a message, its number in `room`.
    - The kind COMPLETE says that the import of a room has ended. Until then, nobody sees the room.
    - `room`: the room itself, or the room of the message; None for a person. If the room is deleted, this row is
      deleted too, so the room can be imported again.
    """

    PERSON, ROOM, COMPLETE, MESSAGE = "person", "room", "complete", "message"
    KINDS = [(kind, kind) for kind in (PERSON, ROOM, COMPLETE, MESSAGE)]
    MAX_SOURCE, MAX_KEY = 64, 200

    id = models.BigAutoField(primary_key=True)
    source = models.CharField(max_length=MAX_SOURCE)
    kind = models.CharField(max_length=10, choices=KINDS)
    key = models.CharField(max_length=MAX_KEY)
    target = models.BigIntegerField()
    room = models.ForeignKey(Room, null=True, related_name="+", on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "kind", "key"], name="one_import_per_item")]

    def __str__(self):
        return f"{self.kind} {self.key} of {self.source}"

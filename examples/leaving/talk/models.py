"""The tables of the chat. Django 2.2 and Django 5.2 read and write the same tables."""

from django.conf import settings
from django.db import models


class Message(models.Model):
    """A message in a room. The id is also its offset: `after` 7 means all messages whose id is above 7."""

    room = models.CharField(max_length=50)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    # The client's own id of the message, so that the server recognises a frame that the client sends again.
    ref = models.CharField(max_length=64)
    text = models.TextField()

    class Meta:
        unique_together = [("author", "ref")]


class Note(models.Model):
    """A note on the board. Every client of `/streams/` gets its changes."""

    text = models.TextField()

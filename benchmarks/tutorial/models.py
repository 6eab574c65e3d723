"""The tutorial's table: one row per message."""

from django.db import models


class Message(models.Model):
    room = models.CharField(max_length=50)
    text = models.TextField()

    class Meta:
        app_label = "tutorial"

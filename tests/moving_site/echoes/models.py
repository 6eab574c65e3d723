"""The rows of the site."""

from django.db import models


class Received(models.Model):
    """What a client has sent, in the order in which consumers have stored it. A client's numbers are unique."""

    client = models.CharField(max_length=40)
    number = models.IntegerField()
    # How often a consumer has received the number, and which kind of process did it first.
    times = models.IntegerField(default=1)
    half = models.CharField(max_length=10)

    class Meta:
        unique_together = [("client", "number")]

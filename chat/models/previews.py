"""Previews of links: what pages say about themselves, and the messages that show it."""

from django.db import models
from django.utils import timezone

from .rooms import Room


class Preview(models.Model):
    """
    What the server found at an address. A row never changes after `expires_at` is set.

    - `digest`: the digest of the address. The address itself is stored only with the messages.
    - `is_found`: whether the page has a title.
    - `image`: the name of a stored file (see chat/services/files), or "".
    - `expires_at`: until this time, new messages with the same address show this row too.
    """

    MAX_TITLE, MAX_DESCRIPTION, MAX_SITE = 150, 300, 60

    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=64)
    is_found = models.BooleanField(default=False)
    title = models.CharField(max_length=MAX_TITLE, blank=True)
    description = models.CharField(max_length=MAX_DESCRIPTION, blank=True)
    site = models.CharField(max_length=MAX_SITE, blank=True)
    image = models.CharField(max_length=100, blank=True)
    width = models.PositiveSmallIntegerField(null=True)
    height = models.PositiveSmallIntegerField(null=True)
    fetched_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["digest", "expires_at"], name="previews_of_an_address"),
            models.Index(fields=["image"], name="previews_with_an_image"),
            models.Index(fields=["fetched_at"], name="previews_by_age"),
        ]

    def __str__(self):
        return self.title


class LinkPreview(models.Model):
    """
    A link in a message, and the Preview that the message shows for it.

    - `due_at`: a worker fetches the page after this time; null if there is nothing to fetch.
    - `tries`: the number of workers that have begun to fetch it.
    - `hidden`: somebody has removed the preview. The row stays without `url` and `preview`, so that the preview does
      not come back.
    """

    id = models.BigAutoField(primary_key=True)
    room = models.ForeignKey(Room, related_name="+", db_index=False, on_delete=models.CASCADE)
    number = models.BigIntegerField()
    position = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=64)
    url = models.TextField(blank=True)
    preview = models.ForeignKey(Preview, null=True, related_name="links", on_delete=models.CASCADE)
    hidden = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "number", "digest"], name="one_preview_per_link_of_a_message")
        ]
        # Only the few links whose pages are not fetched yet are in this index.
        indexes = [models.Index(fields=["due_at"], name="due_previews", condition=models.Q(due_at__isnull=False))]

    def __str__(self):
        return f"{self.room_id}/{self.number}: {self.url}"

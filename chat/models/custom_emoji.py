"""The site's own emoji."""

from django.db import models
from django.utils import timezone

from .people import Person


class CustomEmoji(models.Model):
    """
    A picture with a name, which people write as `:name:`.

    `file` is the name of a stored file (see chat/services/files). The address of the picture contains `digest`, so
    browsers may keep the picture.
    """

    MAX_NAME = 40

    name = models.CharField(max_length=MAX_NAME, unique=True)
    digest = models.CharField(max_length=64, db_index=True)
    file = models.CharField(max_length=100, db_index=True)
    added_by = models.ForeignKey(Person, null=True, related_name="+", db_index=False, on_delete=models.SET_NULL)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "custom emoji"

    def __str__(self):
        return f":{self.name}:"

"""Files that the site keeps in the database, for sites whose processes share no directory: see chat/services/files."""

from django.db import models
from django.utils import timezone


class StoredFile(models.Model):
    """A file and its name. Only a complete file can be read. Its `size` in bytes is then the sum of its parts."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100, unique=True)
    size = models.BigIntegerField(default=0)
    is_complete = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return self.name


class FilePart(models.Model):
    """One part of a file. Parts are numbered from 0, and joined without a separator."""

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(StoredFile, related_name="parts", db_index=False, on_delete=models.CASCADE)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="one_file_part_per_number")]

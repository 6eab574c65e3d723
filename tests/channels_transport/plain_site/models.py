"""A model for data bindings."""

from django.db import models


class Plant(models.Model):
    """A plant. Its bed decides which group receives its changes."""

    name = models.CharField(max_length=40)
    bed = models.CharField(max_length=40, default="north")
    height = models.IntegerField(default=0)

    @property
    def is_tall(self):
        return self.height > 100

    def label(self):
        return f"{self.name} in {self.bed}"

"""The outbound half of a data binding: each change of a note goes to the group `notes`."""

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from django.db.models.signals import post_delete, post_save


def _send(instance, action):
    payload = {"action": action, "pk": instance.pk, "data": {"text": instance.text}, "model": "talk.note"}
    event = {"type": "binding.changed", "stream": "notes", "payload": payload}
    transaction.on_commit(lambda: async_to_sync(get_channel_layer().group_send)("notes", event))


def _on_save(instance, created, **kwargs):
    _send(instance, "create" if created else "update")


def _on_delete(instance, **kwargs):
    _send(instance, "delete")


def connect_binding():
    """Send changes from now on, in this process."""
    from talk.models import Note

    # Signals hold receivers only weakly. The module holds these functions, so `weak=False` is not necessary.
    post_save.connect(_on_save, sender=Note)
    post_delete.connect(_on_delete, sender=Note)

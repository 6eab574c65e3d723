"""
Data bindings: operators see changes of rooms live, whether a page, the API, the admin or a shell made them.

Channels publishes a change inside its transaction, from the instance that was saved. This module publishes the change
after the commit, with the values that the row has then. Changes without signals (raw SQL and QuerySet.update, which
every post uses) are not published, and cost nothing. This module writes no rows: it refuses changes from clients.
"""

import copy
import json
import logging
from functools import partial

from channels.binding.base import DELETE
from channels.binding.websockets import WebsocketBinding
from django.db import transaction

from chat import broadcast
from chat.models import Person, Room
from chat.protocol import ChatError

logger = logging.getLogger(__name__)


class RoomBinding(WebsocketBinding):
    """Publish {action, pk, data, model} to every operator when a room is created, changed or deleted."""

    model = Room
    stream = "rooms"
    fields = ["slug", "name", "topic", "access", "created_at"]
    # OperatorStreams has already checked the operator.
    channel_session_user = False

    @classmethod
    def group_names(cls, instance):
        # Read the operators at each change: a former operator receives nothing, even on an open stream.
        operators = Person.objects.operators().values_list("id", flat=True)
        return [broadcast.operator_rooms_group(person_id) for person_id in operators]

    def send_messages(self, instance, group_names, action, **kwargs):
        if group_names:
            # Publish a copy, because the instance of a deleted row loses its key.
            transaction.on_commit(partial(self._publish, copy.copy(instance), group_names, action))

    def _publish(self, instance, group_names, action):
        try:
            if action != DELETE:
                # In the saved instance, fields that were not saved may be stale or missing.
                instance = Room.objects.filter(pk=instance.pk).first()
            if instance is not None:
                super().send_messages(instance, group_names, action)
        except Exception:
            # The change is stored, so its author must not get an error.
            logger.exception("A change of %s could not be published to operators", self.model_label)

    def serialize(self, instance, action):
        if action == DELETE:
            return {"action": action, "pk": instance.pk, "data": {}, "model": self.model_label}
        return super().serialize(instance, action)

    def deserialize(self, message):
        body = json.loads(message["text"])
        return body.get("action"), body.get("pk"), body.get("data")

    def has_permission(self, user, action, pk):
        raise ChatError("forbidden", "Rooms are changed in the admin, not here.")

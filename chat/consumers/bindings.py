"""
Data bindings: rows that operators see live, whoever changes them and however: page, API, admin or shell.

Channels tells a change inside its transaction, from the instance that was saved. Here it is told when it is true: after
the commit, as the row is then. What changes rows without signals (raw SQL and QuerySet.update, as every post does) is
not told, and costs nothing. Writes no rows: what comes in is refused.
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
    """Tells each operator which rooms were made, changed and deleted: {action, pk, data, model}."""

    model = Room
    stream = "rooms"
    fields = ["slug", "name", "topic", "access", "created_at"]
    # The consumer in front has judged who it is.
    channel_session_user = False

    @classmethod
    def group_names(cls, instance):
        # Those who are operators now: whose role was taken away hears nothing from then on, also on an open stream.
        operators = Person.objects.operators().values_list("id", flat=True)
        return [broadcast.operator_group(person_id) for person_id in operators]

    def send_messages(self, instance, group_names, action, **kwargs):
        if group_names:
            # A copy: after its deletion the row's own instance loses its key.
            transaction.on_commit(partial(self._tell, copy.copy(instance), group_names, action))

    def _tell(self, instance, group_names, action):
        try:
            if action != DELETE:
                # What was saved may be stale in fields that were not, or have none of them.
                instance = Room.objects.filter(pk=instance.pk).first()
            if instance is not None:
                super().send_messages(instance, group_names, action)
        except Exception:
            # It is stored: whoever changed it must not hear that it was not.
            logger.exception("Operators could not be told of a change of %s", self.model_label)

    def serialize(self, instance, action):
        if action == DELETE:
            return {"action": action, "pk": instance.pk, "data": {}, "model": self.model_label}
        return super().serialize(instance, action)

    def deserialize(self, message):
        body = json.loads(message["text"])
        return body.get("action"), body.get("pk"), body.get("data")

    def has_permission(self, user, action, pk):
        raise ChatError("forbidden", "Rooms are changed in the admin, not here.")

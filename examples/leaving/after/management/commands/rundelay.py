"""Send delayed messages when they are due. Run only one delay server for both sites."""

import time

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.management.base import BaseCommand

from after.delayed import due_messages, forget

PAUSE_SECONDS = 0.2
# The handler of each channel's consumer: on Channels 4, a message names its handler.
HANDLERS = {"talk.reminders": "remind"}


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options):
        send = async_to_sync(get_channel_layer().send)
        while True:
            for id, channel, content in due_messages():
                send(channel, {**content, "type": HANDLERS[channel]})
                forget(id)
            time.sleep(PAUSE_SECONDS)

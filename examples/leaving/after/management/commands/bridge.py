"""Send the group messages of the old site to the groups of this site."""

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.management.base import BaseCommand
from talk.bridge import forward


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options):
        send = async_to_sync(get_channel_layer().group_send)
        forward(lambda group, text: send(group, {"type": "group.text", "text": text}))

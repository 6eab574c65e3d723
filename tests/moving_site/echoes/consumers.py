"""The consumers. They are written for Channels 1.1.8, and do not know the package."""

import json

from channels import Channel, Group
from channels.sessions import channel_session, enforce_ordering
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from echoes.models import Received

HALF = "new" if "channels_transport" in settings.INSTALLED_APPS else "old"


@enforce_ordering
@channel_session
def ws_connect(message, name):
    """Accept a client."""
    Group("everybody").add(message.reply_channel)
    message.channel_session["name"] = name
    message.reply_channel.send({"accept": True})


@enforce_ordering
@channel_session
def ws_receive(message, name):
    """
    Store a number once, and confirm it. A client resends a number that was not confirmed.

    Other frames are for the group, or for the delay server.
    """
    event = json.loads(message["text"])
    if "shout" in event:
        Group("everybody").send({"text": json.dumps({"heard": event["shout"], "half": HALF})})
        return
    if "later" in event:
        content = {"number": event["later"]}
        Channel("asgi.delay").send({"channel": "echoes.later", "content": content, "delay": 300})
        message.reply_channel.send({"text": json.dumps({"delayed": event["later"]})})
        return
    number = event["number"]
    try:
        with transaction.atomic():
            Received.objects.create(client=message.channel_session["name"], number=number, half=HALF)
    except IntegrityError:
        Received.objects.filter(client=name, number=number).update(times=F("times") + 1)
    message.reply_channel.send({"text": json.dumps({"confirmed": number, "half": HALF})})


@enforce_ordering
@channel_session
def ws_disconnect(message, name):
    """Forget a client."""
    Group("everybody").discard(message.reply_channel)


def later(message):
    """Store a number that was delayed."""
    Received.objects.create(client="later", number=message["number"], half=HALF)

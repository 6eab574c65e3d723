"""Read and write the rows of the chat. Both sites call these functions; the new site calls them in a thread."""

from django.db import IntegrityError

from talk.bridge import publish
from talk.frames import encode, message_frame
from talk.models import Message

MAX_BACKLOG = 500


def group_of(room):
    """Return the name of a room's group. The names are valid in both versions of Channels."""
    return "room-" + room


def last_id(room):
    """Return the id of a room's newest message, or 0."""
    newest = Message.objects.filter(room=room).order_by("-id").first()
    return newest.pk if newest else 0


def store(user, room, ref, text):
    """
    Store a message, and hand it to the other site. Return (row, frame of a new message).

    The frame is None if this user has stored this `ref` before: clients resend frames that got no answer.
    """
    try:
        message = Message.objects.create(room=room, author=user, ref=ref, text=text)
    except IntegrityError:
        return Message.objects.get(author=user, ref=ref), None
    frame = message_frame(message, user.username)
    publish(group_of(room), frame)
    return message, frame


def backlog(room, after):
    """Return the frames of at most MAX_BACKLOG messages after an id, and then `synced` with the last of their ids."""
    rows = Message.objects.filter(room=room, id__gt=after).select_related("author").order_by("id")[:MAX_BACKLOG]
    found = [(row.pk, message_frame(row, row.author.username)) for row in rows]
    last = found[-1][0] if found else after
    return [frame for _, frame in found] + [encode("synced", last=last, more=len(found) == MAX_BACKLOG)]

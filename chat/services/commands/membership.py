"""
The commands `/mute`, `/unmute`, `/leave` and `/invite`.
"""

import secrets

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from chat import protocol
from chat.models import ROOMS, Member, Person, Room
from chat.protocol import ChatError
from chat.services import directs, invitations, rooms, workspace
from chat.services.mails import choose_language
from chat.services.rights import Action
from chat.services.rooms import Outcome

from .registry import Call, Notice, command

MAX_INVITED = 8  # people whom one command may invite


@command("mute", gettext_lazy("No notifications from this room"), action=Action.KEEP)
def mute(call: Call) -> Outcome:
    """Choose the level `none` for the room."""
    return call.run_once(
        lambda: workspace.set_level(call.person, call.room.slug, Member.NONE),
        Notice(gettext_noop("You get no notifications from this room now.")),
    )


@command("unmute", gettext_lazy("Notifications about all messages"), action=Action.KEEP)
def unmute(call: Call) -> Outcome:
    """Choose the level `all` for the room."""
    return call.run_once(
        lambda: workspace.set_level(call.person, call.room.slug, Member.ALL),
        Notice(gettext_noop("You get notifications about all messages of this room now.")),
    )


@command("leave", gettext_lazy("Leave this room"), action=Action.LEAVE, joins=False)
def leave(call: Call) -> Outcome:
    """
    Delete the person's membership. The connections to the room close, so the answer may not arrive.

    A person who is not in the room gets the same answer, if the person may read the room.
    """
    return call.run_once(lambda: _leave(call), Notice(gettext_noop("You have left this room.")))


def _leave(call: Call) -> None:
    if call.member.id is None:
        rooms.get_readable_room(call.person, call.room.slug)
    else:
        invitations.leave_room(call.person, call.room.slug)


@command("invite", gettext_lazy("Bring people into this room"), gettext_lazy("@name"), scope=ROOMS)
def invite(call: Call) -> Outcome:
    """
    Send an invitation to each named person, as a direct message.

    For a private room, the message contains a link for one person, so the author must have the right to invite people.
    A public room is open to everybody, so the message only names the room.
    """
    text = call.get_text()
    invited = [person for person in rooms.find_named(call.member, text).people if person.id != call.person.id]
    if not 1 <= len(invited) <= MAX_INVITED:
        raise ChatError("invalid_field", "Name 1 to %(most)s people, like this: /invite @alice @bob", most=MAX_INVITED)
    if call.room.access not in (Room.PUBLIC, Room.PRIVATE):
        raise ChatError("forbidden", "Nobody can be invited into this conversation.")
    return call.run_once(lambda: _send_invitations(call, invited), Notice(gettext_noop("Your invitation is sent.")))


def _send_invitations(call: Call, invited: list[Person]) -> None:
    for person in invited:
        direct, _, _ = directs.open_direct(call.person, [person.handle])
        member = rooms.join_room(call.person, direct.slug)
        # The command's ref belongs to the command's room, so each direct message needs a ref of its own.
        event = protocol.Post(f"invitation-{secrets.token_urlsafe(24)}", _write_invitation(call))
        rooms.post_message(member, event)


def _write_invitation(call: Call) -> str:
    room = call.room
    with translation.override(choose_language(call.person)):
        if room.access == Room.PUBLIC:
            return gettext("Join me in #%(slug)s.") % {"slug": room.slug}
        if not settings.PUBLIC_URL:
            raise ChatError("forbidden", "This site does not know its address. Create a link in the menu of the room.")
        _, key = invitations.create_invitation(call.person, room.slug, uses=1)
        values = {"name": room.name, "link": f"{settings.PUBLIC_URL}/invite/{key}/"}
        return gettext("Join me in %(name)s: %(link)s") % values

"""
The commands `/me`, `/shrug`, `/topic` and `/help`.
"""

from django.utils.translation import gettext_lazy, gettext_noop

from chat.models import ROOMS
from chat.services import rooms
from chat.services.rights import Action
from chat.services.rooms import Outcome

from .registry import Call, Notice, command, list_commands

SHRUG = r"¯\_(ツ)_/¯"


@command("me", gettext_lazy("Say what you do"), gettext_lazy("waves"))
def describe_self(call: Call) -> Outcome:
    """Post the text in italics."""
    return call.post(f"_{call.get_text()}_")


@command("shrug", gettext_lazy("Shrug: ¯\\_(ツ)_/¯"), gettext_lazy("your message"))
def shrug(call: Call) -> Outcome:
    """Post the text, if there is any, and a shrug."""
    return call.post(f"{call.text} {SHRUG}")


@command("topic", gettext_lazy("Change the topic of this room"), gettext_lazy("new topic"), Action.CHANGE_ROOM, ROOMS)
def change_topic(call: Call) -> Outcome:
    """Give the room another topic."""
    topic = call.get_text()
    return call.run_once(
        lambda: rooms.change_room(call.person, call.room.slug, topic=topic),
        Notice(gettext_noop("The topic is changed.")),
    )


@command("help", gettext_lazy("Show all commands"), action=Action.READ)
def show_help(call: Call) -> Outcome:
    """Answer with the names of the commands that the person may use in the room. Store nothing."""
    names = ", ".join(f"/{info.name}" for info in list_commands(call.person, call.room))
    return call.answer(Notice(gettext_noop("The commands of this room are: %(names)s."), names=names))

"""
The commands of outgoing hooks: `/deploy main` is sent to the address of the room's hook with this command.

This module is a source of chat/services/commands. `triggers` stores the deliveries.
"""

from dataclasses import replace

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy, gettext_noop

from chat import protocol
from chat.models import Hook, Member, Room
from chat.services import rooms, threads
from chat.services.commands import CommandInfo, Notice, register_source
from chat.services.rights import Action, check_may
from chat.services.rooms import Outcome

from .triggers import add_delivery


class HookCommands:
    """The commands of the outgoing hooks of a room. Every person who may post there may use them."""

    def list(self, room: Room) -> list[CommandInfo]:
        """Return the commands of the enabled hooks of a room."""
        return [
            CommandInfo(hook.words, gettext_lazy("Send to a webhook of this room"), gettext_lazy("text"))
            for hook in _find_hooks(room.id)
        ]

    def run(self, member: Member, event: protocol.Command) -> Outcome | None:
        """
        Store a delivery of the hook with this command, once for each ref. Return the ack with a notice, or None if the
        room has no such hook.

        Raise the error of `rights.check_may` if the member may not post or reply, `not_found` if there is no message
        `thread`, and `ref_conflict`.
        """
        hook = _find_hooks(member.room_id).filter(words=event.name).first()
        if hook is None:
            return None
        check_may(member.person, Action.POST, member.room, member)
        # The hook gets no zone, so a resend from another time zone is the same command.
        sent = replace(event, zone=None)
        _, is_new = rooms.record_once(member, sent, lambda: _add_delivery(hook, member, event))
        notice = Notice(gettext_noop("The site sends the command to the webhook %(name)s."), name=hook.person.handle)
        return Outcome(protocol.ack(event.ref, None, None, notice=notice), is_new)


def _add_delivery(hook: Hook, member: Member, event: protocol.Command) -> int:
    root = None if event.thread is None else threads.get_root(member, event.thread).number
    fields = {"word": f"/{event.name}", "text": event.text, "person_id": member.person_id, "thread_root": root}
    return add_delivery(hook, **fields).id


def _find_hooks(room_id: int) -> QuerySet:
    hooks = Hook.objects.filter(room=room_id, kind=Hook.OUTGOING, trigger=Hook.COMMAND, disabled_at=None)
    return hooks.select_related("person").order_by("id")


register_source(HookCommands())

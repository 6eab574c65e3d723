"""`manage.py moderate`: give people roles in a room, or list its members."""

from django.core.management.base import CommandError

from chat.management.service_command import ServiceCommand, parse_duration
from chat.protocol import format_time
from chat.services import moderation, rooms

# {word of the command: (the role that it gives, the role that the person must have before; None for any role)}
WORDS = {
    "mute": ("muted", None),
    "unmute": ("member", "muted"),
    "ban": ("banned", None),
    "unban": ("member", "banned"),
    "member": ("member", None),
    "moderator": ("moderator", None),
    "owner": ("owner", None),
}


class Command(ServiceCommand):
    help = (
        "Mute, ban or promote a person in a room, or list the members of the room with their roles. Write -- before a "
        "handle that begins with -, as in: moderate garden -- -x- ban"
    )

    def add_arguments(self, parser):
        parser.add_argument("room", help="The slug of the room.")
        parser.add_argument("handle", nargs="?", help="The person's handle; upper or lower case makes no difference.")
        parser.add_argument("role", nargs="?", metavar="ROLE", help=f"One of: {', '.join(WORDS)}.")
        parser.add_argument("--for", dest="length", metavar="DURATION", help="How long a mute lasts: 90s, 10m, 2h, 7d.")
        parser.add_argument("--reason", default="", help="The reason, for the audit log of the room.")
        parser.add_argument("--list", action="store_true", help="List the members of the room with their roles.")

    def call_service(self, options):
        room = rooms.get_room(options["room"])
        if options["list"]:
            self._list(room)
        else:
            self._set_role(room, options["handle"], options["role"], options["length"], options["reason"])

    def _list(self, room):
        page, more = 0, True
        while more:
            members, more = moderation.find_members(room, page=page)
            page += 1
            for member in members:
                self.stdout.write(_format_member(member))

    def _set_role(self, room, handle, word, length, reason):
        if word not in WORDS:
            usage = f"moderate {room.slug} HANDLE ({' | '.join(WORDS)})"
            raise CommandError(f"Give a handle and a role: {usage}. Or list the members: moderate {room.slug} --list")
        role, was = WORDS[word]
        member = moderation.change_role(None, room, handle, role, parse_duration(length), reason, was=was)
        self.stdout.write(_format_member(member))


def _format_member(member):
    until = f" until {format_time(member.muted_until)}" if member.muted_until else ""
    return f"{member.handle}: {member.role or 'no role'}{until}"

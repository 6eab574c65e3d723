"""`manage.py moderate`: an operator's word on who stands how in a room."""

from django.core.management.base import CommandError

from chat.management.serving import ServiceCommand, parse_duration
from chat.protocol import format_time
from chat.services import moderation

# What one types: the role it means, and the role that one must have for it.
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
        "Mutes, bans and names people in a room, or lists who stands how there. A handle that begins with - stands "
        "behind --, as in: moderate garden -- -x- ban"
    )

    def add_arguments(self, parser):
        parser.add_argument("room", help="the room's slug")
        parser.add_argument("handle", nargs="?", help="whom it is about")
        parser.add_argument("role", nargs="?", metavar="ROLE", help=", ".join(WORDS))
        parser.add_argument("--for", dest="length", metavar="TIME", help="how long a mute lasts: 90s, 10m, 2h, 7d")
        parser.add_argument("--reason", default="", help="why; it stands in the room's audit log")
        parser.add_argument("--list", action="store_true", help="list everybody with a standing in the room")

    def serve(self, options):
        room = moderation.get_moderated_room(None, options["room"])
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
                self.stdout.write(_line(member))

    def _set_role(self, room, handle, word, length, reason):
        if word not in WORDS:
            raise CommandError(f"Say whom, and what: moderate {room.slug} HANDLE ({' | '.join(WORDS)}), or --list.")
        role, was = WORDS[word]
        member = moderation.change_role(None, room, handle, role, parse_duration(length), reason, was=was)
        self.stdout.write(_line(member))


def _line(member):
    until = f" until {format_time(member.muted_until)}" if member.muted_until else ""
    return f"{member.handle}: {member.role or 'no standing'}{until}"
